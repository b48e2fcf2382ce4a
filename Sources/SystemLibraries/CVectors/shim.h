// Vector instructions that Swift's vectors lack. Loads from places that a vector tells ("gather") have no name in
// Swift; "and" and shifts it puts together lane by lane, which the compiler undoes only in part.
#include <stdint.h>
#include <string.h>

typedef uint8_t vector_u8x16 __attribute__((ext_vector_type(16)));
typedef uint32_t vector_u32x16 __attribute__((ext_vector_type(16)));
typedef unsigned long long vector_u64x8 __attribute__((ext_vector_type(8)));

#define VECTOR_FUNCTION static inline __attribute__((always_inline))

VECTOR_FUNCTION vector_u32x16 vector_widened(vector_u8x16 a) { return __builtin_convertvector(a, vector_u32x16); }
VECTOR_FUNCTION vector_u32x16 vector_and(vector_u32x16 a, vector_u32x16 b) { return a & b; }
VECTOR_FUNCTION vector_u32x16 vector_shift_left(vector_u32x16 a, vector_u32x16 counts) { return a << (counts & 31); }
VECTOR_FUNCTION vector_u32x16 vector_shift_right(vector_u32x16 a, vector_u32x16 counts) { return a >> (counts & 31); }

VECTOR_FUNCTION vector_u64x8 vector_shift_right_wide(vector_u64x8 a, vector_u64x8 counts) {
    return a >> (counts & 63);
}

// Numbers of 64 bits of the lanes at even places, and at odd ones.
VECTOR_FUNCTION vector_u64x8 vector_even_lanes(vector_u32x16 a) { return (vector_u64x8)a & 0xFFFFFFFF; }
VECTOR_FUNCTION vector_u64x8 vector_odd_lanes(vector_u32x16 a) { return (vector_u64x8)a >> 32; }

// The lower halves of the lanes of two vectors, in turn.
VECTOR_FUNCTION vector_u32x16 vector_low_halves(vector_u64x8 even, vector_u64x8 odd) {
    return __builtin_shufflevector(
        (vector_u32x16)even, (vector_u32x16)odd, 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30);
}

// Numbers whose lowest bits, so many, are those of words, and the others those of heads, which have zeros there.
VECTOR_FUNCTION vector_u32x16 vector_joined(vector_u32x16 heads, vector_u32x16 words, vector_u32x16 bit_counts) {
    const vector_u32x16 ones = 0xFFFFFFFF;
    return heads | (words & ~(ones << (bit_counts & 31)));
}

// The differences of the tokens of entries (see DecodingTables) whose raw bits are the lowest of words. To load where
// a token's interval starts takes longer than to compute it: a number of three bits (6 to 8 of the entry), negative
// for negative tokens, times a power of two; those have 1 more.
VECTOR_FUNCTION vector_u32x16 vector_token_difference(
    vector_u32x16 entries, vector_u32x16 words, vector_u32x16 raw_counts) {
    typedef int32_t signed_lanes __attribute__((ext_vector_type(16)));
    signed_lanes upper = (signed_lanes)(entries << 23);
    vector_u32x16 heads = (vector_u32x16)(upper >> 29) << (raw_counts & 31);
    return vector_joined(heads, words, raw_counts) - (vector_u32x16)(upper >> 31);
}

VECTOR_FUNCTION vector_u32x16 vector_larger(vector_u32x16 a, vector_u32x16 b) {
    return __builtin_elementwise_max(a, b);
}

// Whether a lane is above a limit.
VECTOR_FUNCTION int vector_is_any_above(vector_u32x16 a, uint32_t limit) {
    return __builtin_reduce_or(a > limit) != 0;
}

// The sums of the lanes up to each: within four lanes, which no instruction has to leave, then of these.
VECTOR_FUNCTION vector_u32x16 vector_running_sums(vector_u32x16 a) {
    const vector_u32x16 o = 0;
    a += __builtin_shufflevector(a, o, 16, 0, 1, 2, 16, 4, 5, 6, 16, 8, 9, 10, 16, 12, 13, 14);
    a += __builtin_shufflevector(a, o, 16, 16, 0, 1, 16, 16, 4, 5, 16, 16, 8, 9, 16, 16, 12, 13);
    a += __builtin_shufflevector(a, o, 16, 16, 16, 16, 3, 3, 3, 3, 16, 16, 16, 16, 11, 11, 11, 11);
    return a + __builtin_shufflevector(a, o, 16, 16, 16, 16, 16, 16, 16, 16, 7, 7, 7, 7, 7, 7, 7, 7);
}

#if defined(__AVX2__)
#include <immintrin.h>
#endif

// Whether there are instructions that gather.
VECTOR_FUNCTION int vector_has_gather(void) {
#if defined(__AVX2__)
    return 1;
#else
    return 0;
#endif
}

// Loads from places that are counted in units of so many bytes, a constant.
#if defined(__AVX512F__)
#define VECTOR_GATHER(start, places, unit) ((vector_u32x16)_mm512_i32gather_epi32((__m512i)(places), start, unit))
#elif defined(__AVX2__)
typedef uint32_t vector_u32x8 __attribute__((ext_vector_type(8)));
#define VECTOR_GATHER_HALF(start, places, unit) \
    ((vector_u32x8)_mm256_i32gather_epi32((const int *)(start), (__m256i)(places), unit))
#define VECTOR_GATHER(start, places, unit) \
    __builtin_shufflevector( \
        VECTOR_GATHER_HALF(start, (places).lo, unit), VECTOR_GATHER_HALF(start, (places).hi, unit), \
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
#else
VECTOR_FUNCTION vector_u32x16 vector_gather_singly(const void *start, vector_u32x16 places, uint32_t unit) {
    vector_u32x16 words;
    for (int lane = 0; lane < 16; lane++) {
        uint32_t word;
        memcpy(&word, (const char *)start + places[lane] * unit, sizeof word);
        words[lane] = word;
    }
    return words;
}
#define VECTOR_GATHER(start, places, unit) vector_gather_singly(start, places, unit)
#endif

VECTOR_FUNCTION vector_u32x16 vector_gather(const void *start, vector_u32x16 indexes) {
    return VECTOR_GATHER(start, indexes, 4);
}

VECTOR_FUNCTION vector_u32x16 vector_gather_bytes(const void *start, vector_u32x16 offsets) {
    return VECTOR_GATHER(start, offsets, 1);
}

VECTOR_FUNCTION vector_u64x8 vector_gather_bytes_wide(const void *start, vector_u64x8 offsets) {
#if defined(__AVX512F__)
    return (vector_u64x8)_mm512_i64gather_epi64((__m512i)offsets, start, 1);
#elif defined(__AVX2__)
    typedef unsigned long long half __attribute__((ext_vector_type(4)));
    half low = (half)_mm256_i64gather_epi64((const long long *)start, (__m256i)offsets.lo, 1);
    half high = (half)_mm256_i64gather_epi64((const long long *)start, (__m256i)offsets.hi, 1);
    return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7);
#else
    vector_u64x8 words;
    for (int lane = 0; lane < 8; lane++) {
        unsigned long long word;
        memcpy(&word, (const char *)start + offsets[lane], sizeof word);
        words[lane] = word;
    }
    return words;
#endif
}
