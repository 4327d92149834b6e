//go:build isal && cgo && amd64

#pragma GCC optimize("O3")
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,gfni,bmi2")
#include <immintrin.h>
#include <isa-l/erasure_code.h>
#include "limit.h"

#define INLINE static inline __attribute__((always_inline))
#define LINE 64

static uint64_t matrices[256]; /* by coefficient, as the instruction wants them */

static unsigned product(unsigned a, unsigned b) {
	unsigned p = 0;
	for (int i = 0; i < 8; i++)
		if (b >> i & 1)
			p ^= a << i;
	for (int i = 15; i >= 8; i--)
		if (p >> i & 1)
			p ^= 0x11du << (i - 8);
	return p;
}

__attribute__((constructor)) static void make_matrices(void) {
	for (int c = 0; c < 256; c++)
		for (int in = 0; in < 8; in++)
			for (int out = 0; out < 8; out++)
				matrices[c] |= (uint64_t)(product(c, 1 << in) >> out & 1) << (8 * (7 - out) + in);
}

INLINE __m512i factor(uint8_t c) { return _mm512_set1_epi64(matrices[c]); }
INLINE __m512i times(__m512i x, __m512i f) { return _mm512_gf2p8affine_epi64_epi8(x, f, 0); }
INLINE __m512i load(const uint8_t *p) { return _mm512_loadu_si512(p); }
INLINE __m512i plus(__m512i a, __m512i b) { return _mm512_xor_si512(a, b); }
INLINE __m512i plus2(__m512i a, __m512i b, __m512i c) { return _mm512_ternarylogic_epi64(a, b, c, 0x96); }
INLINE __mmask64 first(size_t n) { return n >= LINE ? ~0ull : (1ull << n) - 1; }
INLINE size_t before_line(const void *p, size_t n) {
	size_t h = -(uintptr_t)p % LINE;
	return h < n ? h : n;
}

/* dst ^= c·src */
INLINE void part(uint8_t *d, const uint8_t *s, __m512i f, __mmask64 m) {
	__m512i v = plus(_mm512_maskz_loadu_epi8(m, d), times(_mm512_maskz_loadu_epi8(m, s), f));
	_mm512_mask_storeu_epi8(d, m, v);
}

INLINE void mul_add(job *j, int unroll, int align) {
	uint8_t *d = j->dsts[0];
	const uint8_t *s = j->srcs[0];
	size_t i = 0, n = j->size;
	__m512i f = factor(j->coefs[j->next++]);
	if (align && (uintptr_t)d % LINE) {
		i = before_line(d, n);
		part(d, s, f, first(i));
	}
	for (; i + LINE * unroll <= n; i += LINE * unroll)
		for (int u = 0; u < unroll; u++) {
			uint8_t *p = d + i + LINE * u;
			_mm512_storeu_si512(p, plus(load(p), times(load(s + i + LINE * u), f)));
		}
	for (; i < n; i += LINE)
		part(d + i, s + i, f, first(n - i));
}

static void mul_add_1(job *j) { mul_add(j, 1, 0); }
static void mul_add_4(job *j) { mul_add(j, 4, 0); }
static void mul_add_1_aligned(job *j) { mul_add(j, 1, 1); }
static void mul_add_2_aligned(job *j) { mul_add(j, 2, 1); }
static void mul_add_4_aligned(job *j) { mul_add(j, 4, 1); }

/* A block of so many registers of each of n results, out of sources k0 to k1-1; the first register and the last are cut. */
INLINE void block(job *j, int n, int regs, int k0, int k1, long i, __mmask64 m0, __mmask64 m1, int cut) {
	__m512i sum[4][16];
	for (int q = 0; q < n; q++)
		for (int u = 0; u < regs; u++)
			sum[q][u] = _mm512_setzero_si512();
	if (regs == 1)
		m0 = m1 = m0 & m1;
#define AT(p, u) (!cut || (u > 0 && u < regs - 1) ? load(p + LINE * (u)) : _mm512_maskz_loadu_epi8(u == 0 ? m0 : m1, p + LINE * (u)))
	int k = k0;
	for (; k + 2 <= k1; k += 2) {
		const uint8_t *p = j->srcs[k] + i, *p1 = j->srcs[k + 1] + i;
		__m512i f[4], f1[4];
		for (int q = 0; q < n; q++) {
			f[q] = factor(j->rows[q][k]);
			f1[q] = factor(j->rows[q][k + 1]);
		}
		for (int u = 0; u < regs; u++) {
			__m512i x = AT(p, u), x1 = AT(p1, u);
			for (int q = 0; q < n; q++)
				sum[q][u] = plus2(sum[q][u], times(x, f[q]), times(x1, f1[q]));
		}
	}
	if (k < k1) {
		const uint8_t *p = j->srcs[k] + i;
		for (int u = 0; u < regs; u++) {
			__m512i x = AT(p, u);
			for (int q = 0; q < n; q++)
				sum[q][u] = plus(sum[q][u], times(x, factor(j->rows[q][k])));
		}
	}
	for (int q = 0; q < n; q++)
		for (int u = 0; u < regs; u++) {
			uint8_t *d = j->dsts[q] + i + LINE * u;
			int whole = !cut || (u > 0 && u < regs - 1);
			__mmask64 m = u == 0 ? m0 : m1;
			if (k0 > 0)
				sum[q][u] = plus(sum[q][u], whole ? load(d) : _mm512_maskz_loadu_epi8(m, d));
			if (whole)
				_mm512_storeu_si512(d, sum[q][u]);
			else
				_mm512_mask_storeu_epi8(d, m, sum[q][u]);
		}
}

/* Bytes from to to-1, in blocks of so many registers and smaller ones; the first skip bytes are left out. */
INLINE void span(job *j, int n, int regs, int k0, int k1, long from, long to, int skip) {
	__mmask64 m0 = ~0ull << skip;
	for (long i = from; i < to; m0 = ~0ull) {
		long left = to - i;
#define BLOCK(r)                                                                              \
	if (regs >= r && left > LINE * (r - 1)) {                                                 \
		if (m0 != ~0ull || left < LINE * r)                                                   \
			block(j, n, r, k0, k1, i, m0, first(left - LINE * (r - 1)), 1);                   \
		else                                                                                  \
			block(j, n, r, k0, k1, i, m0, ~0ull, 0);                                          \
		i += LINE * r;                                                                        \
		continue;                                                                             \
	}
		BLOCK(16)
		BLOCK(8)
		BLOCK(4)
		BLOCK(2)
		BLOCK(1)
	}
}

INLINE void blocks(job *j, int n, int regs, int align) {
	int skip = align ? (uintptr_t)j->srcs[0] % LINE : 0;
	span(j, n, regs, 0, j->k, -(long)skip, j->size, skip);
}

/* Eight sources side by side, line by line, for tile bytes of the result at a time. */
INLINE void abreast(job *j, long tile) {
	long begin = before_line(j->srcs[0], j->size), end = begin + ((long)j->size - begin) / LINE * LINE;
	uint8_t *d = j->dsts[0];
	span(j, 1, 1, 0, j->k, 0, begin, 0);
	span(j, 1, 1, 0, j->k, end, j->size, 0);
	for (long from = begin; from < end; from += tile) {
		long to = from + tile < end ? from + tile : end;
		int k = 0;
		for (; k + 8 <= j->k; k += 8) {
			uint8_t *const *s = j->srcs + k;
			__m512i f[8];
			for (int c = 0; c < 8; c++)
				f[c] = factor(j->rows[0][k + c]);
			for (long i = from; i < to; i += LINE) {
				__m512i sum = k > 0 ? load(d + i) : _mm512_setzero_si512();
				for (int c = 0; c < 8; c += 2)
					sum = plus2(sum, times(load(s[c] + i), f[c]), times(load(s[c + 1] + i), f[c + 1]));
				_mm512_storeu_si512(d + i, sum);
			}
		}
		if (k < j->k)
			span(j, 1, 8, k, j->k, from, to, 0);
	}
}

static void one_8(job *j) { blocks(j, 1, 8, 0); }
static void one_8_aligned(job *j) { blocks(j, 1, 8, 1); }
static void one_16(job *j) { blocks(j, 1, 16, 0); }
static void one_16_aligned(job *j) { blocks(j, 1, 16, 1); }
static void one_abreast(job *j) { abreast(j, 1L << 40); }
static void one_abreast_tiled(job *j) { abreast(j, 16 << 10); }
static void four_4(job *j) { blocks(j, 4, 4, 0); }
static void four_4_aligned(job *j) { blocks(j, 4, 4, 1); }

typedef void (*way)(job *);
static const way mul_add_ways[] = {mul_add_1, mul_add_4, mul_add_1_aligned, mul_add_2_aligned, mul_add_4_aligned};
static const way one_ways[] = {one_8, one_8_aligned, one_16, one_16_aligned, one_abreast, one_abreast_tiled};
static const way four_ways[] = {four_4, four_4_aligned};

static const way *ways(const job *j, int *n) {
#define OF(list) (*n = sizeof list / sizeof *list, list)
	if (j->coefs)
		return OF(mul_add_ways);
	if (j->n == 1)
		return OF(one_ways);
	if (j->n == 4)
		return OF(four_ways);
	*n = 0;
	return 0;
}

int limit_ways(const job *j) {
	int n;
	ways(j, &n);
	return n;
}

void limit_run(job *j, int w, long times) {
	int n;
	way run = ways(j, &n)[w];
	for (long i = 0; i < times; i++)
		run(j);
}

void isal_prepare(job *j) {
	if (j->coefs) {
		for (int c = 0; c < 256; c++)
			ec_init_tables(1, 1, (unsigned char *)&j->coefs[c], j->tables + 32 * c);
		return;
	}
	for (int q = 0; q < j->n; q++)
		ec_init_tables(j->k, 1, j->rows[q], j->tables + 32 * (size_t)j->k * q);
}

void isal_run(job *j, long times) {
	for (long i = 0; i < times; i++)
		if (j->coefs)
			gf_vect_mad((int)j->size, 1, 0, j->tables + 32 * j->next++, j->srcs[0], j->dsts[0]);
		else
			ec_encode_data((int)j->size, j->k, j->n, j->tables, j->srcs, j->dsts);
}
