"""Complete rows that miss a value, with the whole uncertainty: ``python examples/complete.py``."""

import fastgen as fg
import numpy as np

# Height (cm), weight (kg) and age (years) of children and adults.
truth = fg.Mixture(
    [0.3, 0.7],
    fg.MultivariateNormal(
        [[110, 20, 6], [172, 75, 45]],
        [[[150, 45, 30], [45, 18, 9], [30, 9, 7]], [[80, 60, 0], [60, 150, 20], [0, 20, 200]]],
    ),
)
model = fg.fit(truth.sample(50_000, rng=1), 2, rng=2).mixture

# Known: height and age. Wanted: weight.
for row in np.array([[105.0, np.nan, 5.0], [180.0, np.nan, 30.0], [150.0, np.nan, 14.0]]):
    known = ~np.isnan(row)
    weight = model.condition(known, row[known]).marginal(0)  # the one feature that remains, as a scalar mixture
    low, middle, high = weight.icdf([0.05, 0.5, 0.95])
    height, _, age = row
    print(f"{height:.0f} cm, {age:2.0f} years: {middle:5.1f} kg, 90% between {low:.1f} and {high:.1f}")

# Many completions of one row: draw from the conditional mixture.
drawn = model.condition([0, 2], [180.0, 30.0]).sample(100_000, rng=3)
expected = truth.condition([0, 2], [180.0, 30.0]).mean
assert np.allclose(drawn.mean(axis=0), expected, atol=1.0)
