/* zipped.h: what the head of a compressed backup tells, in gzip's own extra field: the inode of the file that it was, by which clients go on naming it. */
#ifndef BULKHEAD_ZIPPED_H
#define BULKHEAD_ZIPPED_H

enum { ZIPPED_ID_1 = 'B', ZIPPED_ID_2 = 'h', ZIPPED_EXTRA_BYTES = 4 + 8 /* two letters, length, little-endian inode */, ZIPPED_EXTRA_AT = 12 /* behind head and length */,
    ZIPPED_HAS_EXTRA = 4 /* gzip's flag */ };
#endif
