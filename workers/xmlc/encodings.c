/* encodings.c: stands in for ICU where libxml2 is linked statically.
 *
 * libxml2 reads UTF-8, UTF-16, UCS-4, ISO-8859-1 and ASCII by itself, and asks ICU for every other encoding that a document declares.  Here the
 * answer is that there is none: what clients send is UTF-8 anyway, a file in another encoding is refused by its name, and ICU's converters
 * are not there for a hostile document to reach. */
#include <libxml/encoding.h>
#include <stddef.h>

typedef int encodings_of_libxml2;       /* a libxml2 without ICU needs none of this */

#ifdef LIBXML_ICU_ENABLED
UConverter *ucnv_open(const char *name, UErrorCode *e)
{
    (void)name;
    *e = U_UNSUPPORTED_ERROR;
    return NULL;
}

/* Without a converter none of these is called. */
void ucnv_close(UConverter *c)
{
    (void)c;
}

void ucnv_convertEx(UConverter *to, UConverter *from, char **dst, const char *dst_end, const char **src, const char *src_end, UChar *pivot, UChar **pivot_src,
    UChar **pivot_dst, const UChar *pivot_end, UBool reset, UBool flush, UErrorCode *e)
{
    (void)to, (void)from, (void)dst, (void)dst_end, (void)src, (void)src_end, (void)pivot, (void)pivot_src, (void)pivot_dst, (void)pivot_end, (void)reset, (void)flush;
    *e = U_UNSUPPORTED_ERROR;
}

void ucnv_setToUCallBack(UConverter *c, UConverterToUCallback fn, const void *data, UConverterToUCallback *old_fn, const void **old_data, UErrorCode *e)
{
    (void)c, (void)fn, (void)data, (void)old_fn, (void)old_data;
    *e = U_UNSUPPORTED_ERROR;
}

void ucnv_setFromUCallBack(UConverter *c, UConverterFromUCallback fn, const void *data, UConverterFromUCallback *old_fn, const void **old_data, UErrorCode *e)
{
    (void)c, (void)fn, (void)data, (void)old_fn, (void)old_data;
    *e = U_UNSUPPORTED_ERROR;
}

void UCNV_TO_U_CALLBACK_STOP(const void *data, UConverterToUnicodeArgs *args, const char *text, int32_t n, UConverterCallbackReason why, UErrorCode *e)
{
    (void)data, (void)args, (void)text, (void)n, (void)why;
    *e = U_UNSUPPORTED_ERROR;
}

void UCNV_FROM_U_CALLBACK_STOP(const void *data, UConverterFromUnicodeArgs *args, const UChar *text, int32_t n, UChar32 c, UConverterCallbackReason why, UErrorCode *e)
{
    (void)data, (void)args, (void)text, (void)n, (void)c, (void)why;
    *e = U_UNSUPPORTED_ERROR;
}
#endif
