// Compiled per instruction set: the functions of math_function.hpp over arrays.

#include "../core/math_function.hpp"
#include "../vector/circular.hpp"
#include "../vector/incomplete.hpp"
#include "../vector/skew.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {
namespace math {

template <class V> FASTGEN_INLINE V sin_2pi(V u) {
  V s, c;
  sincos_2pi(u, s, c);
  return s;
}
template <class V> FASTGEN_INLINE V cos_2pi(V u) {
  V s, c;
  sincos_2pi(u, s, c);
  return c;
}

// x = c, or where c is negative, y = -c: either of them to its own accuracy.
template <class V> FASTGEN_INLINE Tails<V> beta_tails_at(V a, V b, V c) {
  const V zero(typename V::Scalar(0)), one(typename V::Scalar(1));
  return beta_tails(a, b, select(c < zero, one + c, c), select(c < zero, -c, one - c));
}

// y[i] = f(x[0][i], x[1][i], x[2][i]), the tail padded with ones: every element goes through the full-width code.
template <class T, class Function> void apply(Function f, const T* const* x, T* y, std::int64_t n) {
  using V = Vec<T, native_width<T>>;
  constexpr int w = V::width;
  std::int64_t i = 0;
  for (; i + w <= n; i += w) f(V::load(x[0] + i), V::load(x[1] + i), V::load(x[2] + i)).store(y + i);
  if (i == n) return;
  T tail[3][w];
  for (int k = 0; k < 3; ++k)
    for (int j = 0; j < w; ++j) tail[k][j] = i + j < n ? x[k][i + j] : T(1);
  f(V::load(tail[0]), V::load(tail[1]), V::load(tail[2])).store(tail[0]);
  for (int j = 0; i + j < n; ++j) y[i + j] = tail[0][j];
}

}  // namespace math

// Evaluates MathFunction number `function` over three arrays; those beyond its arguments may be any of the same length.
template <class T> void apply_function(int function, const T* const* x, T* y, std::int64_t n) {
  using namespace math;
  using V = Vec<T, native_width<T>>;
  switch (MathFunction(function)) {
#define FASTGEN_CASE(name, arguments, value) \
  case MathFunction::name:                   \
    return apply([](V a, [[maybe_unused]] V b, [[maybe_unused]] V c) -> V { return value; }, x, y, n);
    FASTGEN_MATH_FUNCTIONS(FASTGEN_CASE)
#undef FASTGEN_CASE
  }
}

}  // namespace

void apply_math(int function, const float* const* x, float* y, std::int64_t n) { apply_function(function, x, y, n); }
void apply_math(int function, const double* const* x, double* y, std::int64_t n) { apply_function(function, x, y, n); }

}  // namespace FASTGEN_ISA
}  // namespace fastgen
