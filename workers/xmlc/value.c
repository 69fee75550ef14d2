/* value.c: the kinds of values in documents: checked, and brought to libvirt's spelling. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "ipc/util.h"
#include "workers/xmlc/schema.h"

int schema_refuse(const struct sx_error *what, const char *name, const char *v, struct err *e)
{
    const char *p = strchr(what->text, '%');
    if (!p)
        return err_set(e, what->code, what->domain, "%s", what->text);
    return err_set(e, what->code, what->domain, "%.*s%s%s", (int)(p - what->text), what->text, p[1] == 'n' ? name : v, p + 2);
}

/* libvirt's usual words for a bad value of an attribute or an element's text. */
static int bad(const struct sx_row *row, const char *element, const char *attr, const char *v, const char *hint, struct err *e)
{
    if (strchr(element, ':'))
        element = strchr(element, ':') + 1;
    if (row->err)
        return schema_refuse(row->err, attr ? attr : element, v, e);
    if (attr)
        return err_set(e, VIR_ERR_XML_ERROR, VIR_FROM_XML, "Invalid value for attribute '%s' in element '%s': '%s'.%s", attr, element, v, hint);
    return err_set(e, VIR_ERR_XML_ERROR, VIR_FROM_DOMAIN, "Invalid value for element '%s': '%s'.%s", element, v, hint);
}

static int zero(const char *element, const char *attr, struct err *e)
{
    return err_set(e, VIR_ERR_XML_ERROR, VIR_FROM_XML, "Invalid value for attribute '%s' in element '%s': Zero is not permitted", attr ? attr : "", element);
}

/* Whole number as libvirt's strtol wrappers take it: leading blanks, a sign, digits, nothing after. */
static int number(const char *v, int base, bool *negative, uint64_t *n)
{
    while (isspace((unsigned char)*v))
        v++;
    *negative = *v == '-';
    if (*v == '-' || *v == '+')
        v++;
    return tree_parse_uint(v, base || *v != '0' || !isdigit((unsigned char)v[1]) ? base : 8, UINT64_MAX, n);
}

static const struct { const char *name; uint64_t bytes; } units[] = {
    {"B", 1}, {"byte", 1}, {"bytes", 1}, {"b", 1},
    {"KB", 1000}, {"KiB", 1024}, {"k", 1024}, {"K", 1024}, {"kB", 1000}, {"kiB", 1024}, {"kb", 1000}, {"kib", 1024},
    {"MB", 1000000}, {"MiB", 1 << 20}, {"M", 1 << 20}, {"m", 1 << 20}, {"mb", 1000000}, {"mib", 1 << 20},
    {"GB", 1000000000}, {"GiB", 1 << 30}, {"G", 1 << 30}, {"g", 1 << 30}, {"gb", 1000000000}, {"gib", 1 << 30},
    {"TB", 1000000000000}, {"TiB", 1ull << 40}, {"T", 1ull << 40}, {"t", 1ull << 40}, {"tb", 1000000000000}, {"tib", 1ull << 40},
    {"PB", 1000000000000000}, {"PiB", 1ull << 50}, {"P", 1ull << 50}, {"p", 1ull << 50}, {"pb", 1000000000000000}, {"pib", 1ull << 50},
    {"EB", 1000000000000000000}, {"EiB", 1ull << 60}, {"E", 1ull << 60}, {"e", 1ull << 60}, {"eb", 1000000000000000000}, {"eib", 1ull << 60},
};

/* Reads a size with a unit ("KiB", "M", "bytes", ...; NULL: scale) into bytes. 0 or -1 with *e set, which names its place (where). */
static int value_scaled(const char *v, const char *unit, uint64_t scale, uint64_t max, const char *where, uint64_t *bytes, struct err *e)
{
    uint64_t n, out;
    bool negative;
    if (unit && *unit) {
        scale = 0;
        for (unsigned i = 0; i < ARRAY_N(units) && !scale; i++)
            if (strcmp(units[i].name, unit) == 0)
                scale = units[i].bytes;
        if (!scale)
            return err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "unknown suffix '%s'", unit);
    }
    if (number(v, 10, &negative, &n) || negative)
        return err_set(e, VIR_ERR_XML_ERROR, VIR_FROM_XML, "Invalid value '%s' for element or attribute '%s'", v, where ? where : "");
    if (__builtin_mul_overflow(n, scale, &out) || out > max)
        return err_set(e, VIR_ERR_OVERFLOW, VIR_FROM_NONE, "value too large: %" PRIu64 "%s", n, unit ? unit : "");
    *bytes = out;
    return 0;
}

/* The kinds of sizes: scale of a number without unit, unit printed, bytes of that. */
static const struct { uint8_t vtype; uint64_t in, out; const char *unit; } sizes[] = {
    {SX_KIB, 1024, 1024, "KiB"}, {SX_KIB_B, 1, 1024, "KiB"}, {SX_BYTES, 1, 1, "bytes"}, {SX_MIBM, 1 << 20, 1 << 20, "M"},
    {SX_PRETTY, 1 << 20, 0, NULL}, {SX_AKIB, 1024, 1024, "KiB"}, {SX_APRETTY, 1024, 0, NULL},
    {SX_APLAIN_KIB, 1024, 1024, "KiB"}, {SX_APLAIN_B, 1, 1, "B"},
};

static int size_value(const struct sx_row *row, const char *element, const char *attr, const char *v, const char *unit, char *out, size_t n,
    const char **out_unit, struct err *e)
{
    char where[128];
    unsigned k = 0;
    uint64_t bytes, step;
    while (sizes[k].vtype != row->vtype)
        k++;
    snprintf(where, sizeof where, attr ? "./@%s" : "./%s[1]", attr ? attr : element);
    step = sizes[k].out;
    *out_unit = sizes[k].unit;
    if (row->vtype == SX_APLAIN_KIB || row->vtype == SX_APLAIN_B)
        unit = NULL;
    if (value_scaled(v, unit, sizes[k].in, INT64_MAX, where, &bytes, e))
        return -1;
    if (!step) {
        static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
        unsigned i = 0;
        for (step = 1; i < 6 && bytes && bytes % (step * 1024) == 0; i++)
            step *= 1024;
        *out_unit = names[i];
    }
    snprintf(out, n, "%" PRIu64, bytes / step + (bytes % step != 0 && row->vtype != SX_MIBM));
    return 0;
}

static int uuid_value(const struct sx_row *row, const char *v, char *out, size_t n, const char *element, struct err *e)
{
    const char *text = v;
    char hex[33];
    unsigned k = 0;
    while (isspace((unsigned char)*v))
        v++;
    for (; *v && k < 32; v++) {
        if (*v == '-' || *v == ' ')
            continue;
        if (!isxdigit((unsigned char)*v))
            break;
        hex[k++] = (char)tolower((unsigned char)*v);
    }
    while (isspace((unsigned char)*v))
        v++;
    hex[k] = 0;
    if ((k != 32 || *v) && row->err)
        return bad(row, element, NULL, text, "", e);
    if (k != 32 || *v)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DOMAIN, "%s", strcmp(element, "uuid") == 0 ? "malformed uuid element" : strcmp(element, "address") == 0 ? "Cannot parse uuid attribute of element <address>" : "malformed uuid");
    snprintf(out, n, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
    return 0;
}

static int mac_value(const char *v, char *out, size_t n)
{
    unsigned b[6];
    for (unsigned i = 0; i < 6; i++) {
        unsigned k = 0;
        for (b[i] = 0; isxdigit((unsigned char)*v) && k < 2; v++, k++)
            b[i] = b[i] * 16 + (unsigned)(isdigit((unsigned char)*v) ? *v - '0' : tolower((unsigned char)*v) - 'a' + 10);
        if (!k || (i < 5 ? *v++ != ':' : *v != 0))
            return -1;
    }
    snprintf(out, n, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
    return 0;
}

/* "1.2.3": at most four ports. */
static int usb_port(const char *v)
{
    unsigned n = 0;
    for (;;) {
        unsigned d = 0, p = 0;
        for (; isdigit((unsigned char)*v) && d < 4; v++, d++)
            p = p * 10 + (unsigned)(*v - '0');
        if (!d || p > 255 || ++n > 4)
            return -1;
        if (!*v)
            return 0;
        if (*v++ != '.')
            return -1;
    }
}

int value_check(const struct sx_row *row, const char *element, const char *attr, const char *v, const char *unit, char *out, size_t n,
    const char **out_unit, struct err *e)
{
    uint64_t u = 0;
    bool negative = false;
    uint8_t map[BITMAP_BITS / 8];
    int base = row->flags & SXF_BASED ? 0 : 10;
    *out = 0;
    switch (row->vtype) {
    case SX_ENUM:
        for (const char *const *p = row->values; *p; p++)
            if (strcmp(*p, v) == 0)
                return util_copy_str(out, n, v);
        return bad(row, element, attr, v, "", e);
    case SX_UINT:
        if (number(v, base, &negative, &u) || u > row->max || negative)
            return bad(row, element, attr, v, " Expected non-negative integer value", e);
        if (!u && (row->flags & SXF_NZ))
            return zero(element, attr, e);
        return util_format(out, n, "%" PRIu64, u);
    case SX_INT:
        if (number(v, base, &negative, &u) || u > row->max + negative)
            return bad(row, element, attr, v, " Expected integer value", e);
        return util_format(out, n, "%s%" PRIu64, negative && u ? "-" : "", u);
    case SX_NINT:
    case SX_LONG:
        if (number(v, base, &negative, &u) || u > row->max + negative)
            return bad(row, element, attr, v, row->vtype == SX_LONG ? " Expected long long integer value" : " Expected integer value", e);
        if (negative && u && row->vtype != SX_LONG)
            return bad(row, element, attr, v, " Expected non-negative value", e);
        return util_format(out, n, "%s%" PRIu64, negative && u ? "-" : "", u);
    case SX_HEX:
        if (number(v, row->flags & SXF_BARE ? 16 : 0, &negative, &u) || u > row->max || negative)
            return bad(row, element, attr, v, " Expected non-negative integer value", e);
        if (!u && (row->flags & SXF_NZ))
            return zero(element, attr, e);
        return util_format(out, n, "0x%0*" PRIx64, row->width ? row->width : 1, u);
    case SX_HEXANY:
        if (strcmp(v, "-1") == 0)
            return 0;
        if (number(v, 0, &negative, &u) || u > row->max || negative)
            return bad(row, element, attr, v, "", e);
        return util_format(out, n, "0x%0*" PRIX64, row->width, u);
    case SX_UUID:
        return uuid_value(row, v, out, n, element, e);
    case SX_MAC:
        if (mac_value(v, out, n))
            return err_set(e, VIR_ERR_XML_ERROR, VIR_FROM_DOMAIN, "unable to parse mac address '%s'", v);
        if ((out[1] - (out[1] >= 'a' ? 'a' - 10 : '0')) & 1)
            return err_set(e, VIR_ERR_XML_ERROR, VIR_FROM_DOMAIN, "expected unicast mac address, found multicast '%s'", v);
        return 0;
    case SX_BITMAP:
        if (bitmap_parse(v, map, BITMAP_BITS))
            return row->err ? schema_refuse(row->err, attr ? attr : element, v, e) : err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "Failed to parse bitmap '%s'", v);
        if (bitmap_format(map, BITMAP_BITS, out, n))
            return -1;
        return *out || !row->empty ? 0 : schema_refuse(row->empty, attr ? attr : element, v, e);
    case SX_USBPORT:
        if (usb_port(v))
            return err_set(e, VIR_ERR_INTERNAL_ERROR, 49, "Cannot parse <address> 'port' attribute");
        return util_copy_str(out, n, v);
    case SX_MODE8:
        if (tree_parse_uint(v, 8, 07777, &u) || u > 0777)
            return err_set(e, VIR_ERR_XML_ERROR, VIR_FROM_DOMAIN, "invalid %s: '%s'", attr ? attr : element, v);
        return util_format(out, n, "%04" PRIo64, u);
    default:
        return size_value(row, element, attr, v, unit, out, n, out_unit, e);
    }
}
