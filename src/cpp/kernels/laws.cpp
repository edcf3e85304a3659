// Compiled per instruction set: the scalar laws of core/families.hpp. A law's header is included here.
#include "../core/families.hpp"

#include "../families/bernoulli.hpp"
#include "../families/beta.hpp"
#include "../families/binomial.hpp"
#include "../families/cauchy.hpp"
#include "../families/delta.hpp"
#include "../families/exponential.hpp"
#include "../families/gamma.hpp"
#include "../families/geometric.hpp"
#include "../families/gumbel.hpp"
#include "../families/half_normal.hpp"
#include "../families/inverse_gamma.hpp"
#include "../families/laplace.hpp"
#include "../families/log_normal.hpp"
#include "../families/logistic.hpp"
#include "../families/negative_binomial.hpp"
#include "../families/pareto.hpp"
#include "../families/poisson.hpp"
#include "../families/skew_normal.hpp"
#include "../families/student_t.hpp"
#include "../families/truncated_normal.hpp"
#include "../families/uniform.hpp"
#include "../families/von_mises.hpp"
#include "../families/weibull.hpp"
#include "../parts/family_ops.hpp"

namespace fastgen {
namespace FASTGEN_ISA {
namespace {

constexpr FamilyOps<double> laws[] = {
#define FASTGEN_OPS(name, ...) family_ops<ScalarFamily<name>, double>(),
    FASTGEN_SCALAR_LAWS(FASTGEN_OPS)
#undef FASTGEN_OPS
};

}  // namespace

const void* scalar_law(int law) { return laws + law; }

}  // namespace FASTGEN_ISA
}  // namespace fastgen
