// Numbers of double precision whose exponent has no limits, for the rare pairs whose squares leave the range of doubles.
//
// D. W. Lozier and J. M. Smith, Algorithm 567: extended-range arithmetic and normalized Legendre polynomials, 1981.
#pragma once

#include "math.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

// m 2^(512 e) with 2^-256 <= |m| < 2^256, or m = 0. One operation on such m leaves the range by less than one step.
struct Extended {
  double m = 0;
  std::int64_t e = 0;

  Extended() = default;
  Extended(double finite) : Extended(finite, 0) { normalise(); }
  Extended(double m_, std::int64_t e_) : m(m_), e(e_) { normalise(); }

  double log() const { return math::log(m) + double(e) * (512 * 0.69314718055994530942); }
  double rounded() const {  // infinity or 0 where no double is near
    double r = m;
    for (std::int64_t i = 0; i < e && i < 3; ++i) r *= 0x1p512;
    for (std::int64_t i = 0; i > e && i > -3; --i) r *= 0x1p-512;
    return r;
  }

 private:
  void normalise() {
    const double size = m < 0 ? -m : m;
    if (size >= 0x1p256) m *= 0x1p-512, ++e;
    else if (size < 0x1p-256 && size > 0) m *= 0x1p512, --e;
  }
};

inline Extended operator-(Extended a) { return {-a.m, a.e}; }
inline Extended operator*(Extended a, Extended b) { return {a.m * b.m, a.e + b.e}; }
inline Extended operator/(Extended a, Extended b) { return {a.m / b.m, a.e - b.e}; }
inline Extended operator+(Extended a, Extended b) {
  if (a.m == 0) return b;
  if (b.m == 0) return a;
  if (a.e < b.e) {
    const Extended smaller = a;
    a = b, b = smaller;
  }
  // Two steps below, the other is less than the last place.
  return a.e == b.e ? Extended(a.m + b.m, a.e) : a.e == b.e + 1 ? Extended(a.m + b.m * 0x1p-512, a.e) : a;
}
inline Extended operator-(Extended a, Extended b) { return a + -b; }

}  // namespace
}  // namespace FASTGEN_ISA
}  // namespace fastgen
