#pragma once

// Vectors of whatever length an instruction set has, and values in memory as they come and go. Part of
// kernels.cc, which is compiled once for each set: everything here is private to it.

#ifdef __AVX2__
#include <immintrin.h>
#endif

#include "kernels.h"

namespace fedvox {
namespace {

constexpr int kLength = FEDVOX_VECTOR_LENGTH;
typedef float Vector __attribute__((vector_size(kLength * 4), aligned(4), may_alias));
typedef uint32_t Words __attribute__((vector_size(kLength * 4), aligned(4), may_alias));
// The same where pairs of bfloat16 begin at any of them.
typedef uint32_t LooseWords __attribute__((vector_size(kLength * 4), aligned(2), may_alias));
typedef int32_t Integers __attribute__((vector_size(kLength * 4), aligned(4), may_alias));
typedef uint16_t Halves __attribute__((vector_size(kLength * 2), aligned(2), may_alias));

inline Vector loadVector(const float* values) { return *reinterpret_cast<const Vector*>(values); }
inline void storeVector(float* values, Vector v) { *reinterpret_cast<Vector*>(values) = v; }
inline Vector all(float value) { return value - Vector{}; }

// A vector that is used often is loaded once: the compiler would load it again for each use, for want of registers that
// it wants for later.
template <typename Loaded>
inline void keepInRegister(Loaded& vector) {
#ifdef __AVX512F__
  __asm__("" : "+v"(vector));
#endif
}

inline float sumOf(Vector values) {
  float sum = 0;
  for (int lane = 0; lane < kLength; ++lane) sum += values[lane];
  return sum;
}

inline Words loadHalves(const uint16_t* stored) {
  return __builtin_convertvector(*reinterpret_cast<const Halves*>(stored), Words);
}

inline Vector widen(const uint16_t* stored) { return (Vector)(loadHalves(stored) << 16); }

// To bfloat16 in the lower half of each word: the nearest, ties to even; what is not a number stays so.
inline Words roundedToHalves(Vector values) {
  const auto words = (Words)values;
  const Words rounded = (words + 0x7fffu + ((words >> 16) & 1u)) >> 16;
  const auto isNan = (Words)(values != values);
  return (rounded & ~isNan) | (0x7fc0u & isNan);
}

inline Halves narrow(Vector values) {
#ifdef __AVX512BF16__
  // The same, but that it takes subnormal values for zero.
  return (Halves)_mm512_cvtneps_pbh((__m512)values);
#else
  return __builtin_convertvector(roundedToHalves(values), Halves);
#endif
}

// Values as they are computed with, from either way they are stored, and back.
inline Vector fetch(const float* stored) { return loadVector(stored); }
inline Vector fetch(const uint16_t* stored) { return widen(stored); }
inline void put(float* stored, Vector values) { storeVector(stored, values); }
inline void put(uint16_t* stored, Vector values) {
  *reinterpret_cast<Halves*>(stored) = narrow(values);
}

inline float fetchOne(const float* stored) { return *stored; }
inline float fetchOne(const uint16_t* stored) {
  const uint32_t word = static_cast<uint32_t>(*stored) << 16;
  float value;
  __builtin_memcpy(&value, &word, sizeof value);
  return value;
}
inline void putOne(float* stored, float value) { *stored = value; }
inline void putOne(uint16_t* stored, float value) { *stored = narrow(all(value))[0]; }

// Two bfloat16 values in each lane, the first in the lower half, as float32.
inline Vector firstOfPairs(Words pairs) { return (Vector)(pairs << 16); }
inline Vector secondOfPairs(Words pairs) { return (Vector)(pairs & 0xffff0000u); }

// sums + a₁b₁ + a₂b₂ in each lane.
inline Vector addProducts(Vector sums, Words a, Words b) {
#ifdef __AVX512BF16__
  return (Vector)_mm512_dpbf16_ps((__m512)sums, (__m512bh)a, (__m512bh)b);
#else
  sums += firstOfPairs(a) * firstOfPairs(b);
  return sums + secondOfPairs(a) * secondOfPairs(b);
#endif
}

inline void putPairs(uint32_t* pairs, Words first, Words second) {
  *reinterpret_cast<Words*>(pairs) = first | second << 16;
}

void pairUp(const float* first, const float* second, uint32_t* pairs, size_t count) {
  size_t at = 0;
  for (; at + kLength <= count; at += kLength) {
    putPairs(pairs + at, roundedToHalves(loadVector(first + at)), roundedToHalves(loadVector(second + at)));
  }
  for (; at < count; ++at) {
    uint16_t halves[2];
    putOne(&halves[0], first[at]);
    putOne(&halves[1], second[at]);
    __builtin_memcpy(pairs + at, halves, sizeof halves);
  }
}

void pairAlong(const uint16_t* values, size_t apart, uint32_t* pairs, size_t count) {
  size_t at = 0;
  for (; at + kLength <= count; at += kLength) {
    putPairs(pairs + at, loadHalves(values + at), loadHalves(values + at + apart));
  }
  for (; at < count; ++at) {
    const uint16_t halves[]{values[at], values[at + apart]};
    __builtin_memcpy(pairs + at, halves, sizeof halves);
  }
}

template <typename Stored>
void store(const float* values, Stored* to, size_t count) {
  size_t at = 0;
  for (; at + kLength <= count; at += kLength) put(to + at, loadVector(values + at));
  for (; at < count; ++at) putOne(to + at, values[at]);
}

template <typename Stored>
void loadAs(const Stored* source, float* values, size_t count) {
  size_t at = 0;
  for (; at + kLength <= count; at += kLength) storeVector(values + at, fetch(source + at));
  for (; at < count; ++at) values[at] = fetchOne(source + at);
}

void load(const void* source, Storage storage, float* values, size_t count) {
  if (storage == Storage::Float32) return loadAs(static_cast<const float*>(source), values, count);
  loadAs(static_cast<const uint16_t*>(source), values, count);
}

}  // namespace
}  // namespace fedvox
