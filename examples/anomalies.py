"""Learn what normal looks like, then ask which new points do not: ``python examples/anomalies.py``."""

import fastgen as fg
import numpy as np

# Readings of two sensors: a machine that idles or works, and never anything else.
machine = fg.Mixture([0.4, 0.6], fg.MultivariateNormal([[0, 20], [5, 60]], [[[0.1, 0], [0, 4]], [[1, 3], [3, 25]]]))
history = machine.sample(20_000, rng=1)

learned = fg.fit(history, 2, rng=2).mixture
print(learned)

# Alarm on what is rarer than one reading in a thousand: a quantile of the log densities that the model itself draws.
threshold = np.quantile(learned.log_prob(learned.sample(1_000_000, rng=3)), 1e-3)

today = machine.sample(100_000, rng=4)
broken = today.copy()
broken[:, 1] -= 15  # the second sensor reads too low
for name, readings in (("today", today), ("broken", broken)):
    alarms = learned.log_prob(readings) < threshold
    print(f"{name:<7} {alarms.mean():7.2%} of readings raise the alarm")

assert abs((learned.log_prob(today) < threshold).mean() - 1e-3) < 5e-4
assert (learned.log_prob(broken) < threshold).mean() > 0.5
