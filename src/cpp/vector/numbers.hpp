// Numbers that several laws and functions share, to the last place of a double.
#pragma once

namespace fastgen {
namespace numbers {

constexpr double pi = 3.14159265358979323846;
constexpr double two_pi = 6.28318530717958647693;
constexpr double inverse_pi = 0.31830988618379067154;
constexpr double inverse_sqrt_two_pi = 0.39894228040143267794;
constexpr double tan_pi_eighth = 0.41421356237309504880;
constexpr double cot_pi_eighth = 2.41421356237309504880;
constexpr double sqrt_half = 0.70710678118654752440;
constexpr double sqrt_half_pi = 1.25331413731550025121;
constexpr double log2_e = 1.44269504088896340736;
constexpr double log_pi = 1.14472988584940017414;
constexpr double log_two_pi = 1.83787706640934548356;
constexpr double half_log_two_pi = 0.91893853320467274178;
constexpr double half_log_half_pi = 0.22579135264472743236;

}  // namespace numbers
}  // namespace fastgen
