/* aes.c: FIPS 197's AES with a key of 256 bits, in CBC mode with PKCS#7 padding, for values of secrets.  Encryption only, of a few bytes once a guest; the S-box is computed.
 * A library would be the role's only one. */
#include <string.h>
#include "workers/talk/talk.h"

enum { ROUNDS = 14, WORDS = 4 * (ROUNDS + 1) };

struct schedule { uint8_t sbox[256], round[4 * WORDS]; };

static uint8_t twice(uint8_t v) { return (uint8_t)(v << 1 ^ (v & 0x80 ? 0x1b : 0)); }

/* The inverse of each byte in GF(2^8), and the affine map of it: p goes through all of them by multiplying with 3, and q by dividing. */
static void make_sbox(uint8_t sbox[256])
{
    uint8_t p = 1, q = 1;
    do {
        p ^= twice(p);
        q ^= (uint8_t)(q << 1);
        q ^= (uint8_t)(q << 2);
        q ^= (uint8_t)(q << 4);
        q ^= q & 0x80 ? 0x09 : 0;
        uint8_t x = q;
        for (unsigned i = 1; i < 5; i++)
            x ^= (uint8_t)(q << i | q >> (8 - i));
        sbox[p] = x ^ 0x63;
    } while (p != 1);
    sbox[0] = 0x63;
}

static void expand(struct schedule *s, const uint8_t key[AES_KEY])
{
    uint8_t constant = 1;
    make_sbox(s->sbox);
    memcpy(s->round, key, AES_KEY);
    for (size_t i = AES_KEY; i < sizeof s->round; i += 4) {
        const uint8_t *last = s->round + i - 4;
        uint8_t t[4] = { last[0], last[1], last[2], last[3] };
        if (i % AES_KEY == 0) {
            const uint8_t turned[4] = { s->sbox[last[1]] ^ constant, s->sbox[last[2]], s->sbox[last[3]], s->sbox[last[0]] };
            memcpy(t, turned, sizeof t);
            constant = twice(constant);
        } else if (i % AES_KEY == AES_KEY / 2) {
            for (unsigned k = 0; k < 4; k++)
                t[k] = s->sbox[t[k]];
        }
        for (unsigned k = 0; k < 4; k++)
            s->round[i + k] = s->round[i + k - AES_KEY] ^ t[k];
    }
}

static void add_key(uint8_t b[AES_BLOCK], const uint8_t *round)
{
    for (unsigned i = 0; i < AES_BLOCK; i++)
        b[i] ^= round[i];
}

static void substitute_and_shift(const struct schedule *s, uint8_t b[AES_BLOCK])
{
    uint8_t was[AES_BLOCK];
    memcpy(was, b, sizeof was);
    for (unsigned i = 0; i < AES_BLOCK; i++)
        b[i] = s->sbox[was[(i + 4 * (i % 4)) % AES_BLOCK]];
}

static void mix(uint8_t b[AES_BLOCK])
{
    for (uint8_t *c = b; c < b + AES_BLOCK; c += 4) {
        const uint8_t all = c[0] ^ c[1] ^ c[2] ^ c[3], first = c[0];
        for (unsigned i = 0; i < 4; i++)
            c[i] ^= all ^ twice(c[i] ^ (i < 3 ? c[i + 1] : first));
    }
}

static void block(const struct schedule *s, uint8_t b[AES_BLOCK])
{
    add_key(b, s->round);
    for (unsigned r = 1; r <= ROUNDS; r++) {
        substitute_and_shift(s, b);
        if (r < ROUNDS)
            mix(b);
        add_key(b, s->round + r * AES_BLOCK);
    }
}

void aes_encrypt(const uint8_t key[AES_KEY], const uint8_t iv[AES_BLOCK], const void *in, size_t n, uint8_t *out)
{
    struct schedule s;
    uint8_t chain[AES_BLOCK];
    const size_t all = aes_padded(n);
    expand(&s, key);
    memcpy(chain, iv, sizeof chain);
    for (size_t at = 0; at < all; at += AES_BLOCK) {
        for (size_t i = 0; i < AES_BLOCK; i++)
            chain[i] ^= at + i < n ? ((const uint8_t *)in)[at + i] : (uint8_t)(all - n);
        block(&s, chain);
        memcpy(out + at, chain, sizeof chain);
    }
    explicit_bzero(&s, sizeof s);
}
