"""How many components? Compare fits by BIC, and by data held out: ``python examples/number_of_components.py``."""

import fastgen as fg

truth = fg.Mixture(
    [0.3, 0.5, 0.2],
    fg.MultivariateNormal([[0, 0], [4, 1], [1, 4]], [[[1, 0.5], [0.5, 1]], [[1, -0.6], [-0.6, 1]], [[0.3, 0], [0, 2]]]),
)
x, held_out = truth.sample(1_000, rng=1), truth.sample(1_000, rng=2)

# The best of several starts counts: EM finds the optimum next to its start.
fits = [fg.fit(x, k, n_init=10, max_iter=1_000, rng=3) for k in range(1, 7)]
print("components  numbers learned    BIC   nats a row: learned from  held out")
for fit in fits:
    known, new = (fit.mixture.log_prob(rows).mean() for rows in (x, held_out))
    print(f"{fit.mixture.n_components:10d} {fit.n_parameters:16d} {fit.bic:6.0f} {known:25.3f} {new:9.3f}")

# What is known is described ever better; BIC and new rows tell from when on in vain.
best = min(fits, key=lambda fit: fit.bic).mixture
print(f"BIC takes {best.n_components}, the truth has {truth.n_components}")
print(f"held out: {best.log_prob(held_out).mean():.3f} by the fit, {truth.log_prob(held_out).mean():.3f} by the truth")
assert best.n_components == truth.n_components
