"""The same work in JAX with optax, compiled by XLA."""

import jax
import jax.numpy as jnp
import optax

# gymnax 0.0.8, which rejax 0.1.2 needs, calls it by the name it had before JAX 0.6.
jax.tree_map = jax.tree.map


def initial(key, sizes):
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        key, now = jax.random.split(key)
        layers.append((jax.random.normal(now, (inputs, outputs)) / jnp.sqrt(inputs), jnp.zeros(outputs)))
    return layers


def forward(layers, x):
    for weight, bias in layers[:-1]:
        x = jnp.tanh(x @ weight + bias)
    return x @ layers[-1][0] + layers[-1][1]


def ppo_parts():
    keys = jax.random.split(jax.random.PRNGKey(0), 6)
    parameters = {"policy": initial(keys[0], [4, 64, 64, 2]), "value": initial(keys[1], [4, 64, 64, 1])}
    optimizer = optax.chain(optax.clip_by_global_norm(0.5), optax.adam(3e-4, eps=1e-5))
    count, batch = 256, 64
    data = (
        jax.random.normal(keys[2], (count, batch, 4)),
        jax.random.randint(keys[3], (count, batch), 0, 2),
        jnp.full((count, batch), -0.6931472),
        jax.random.normal(keys[4], (count, batch)),
        jax.random.normal(keys[5], (count, batch)),
    )

    def loss(parameters, observations, actions, old, advantages, returns):
        log_probabilities = jax.nn.log_softmax(forward(parameters["policy"], observations))
        log_probability = jnp.take_along_axis(log_probabilities, actions[:, None], 1)[:, 0]
        ratio = jnp.exp(log_probability - old)
        surrogate = jnp.minimum(ratio * advantages, jnp.clip(ratio, 0.8, 1.2) * advantages).mean()
        value_loss = ((forward(parameters["value"], observations)[:, 0] - returns) ** 2).mean()
        entropy = -(jnp.exp(log_probabilities) * log_probabilities).sum(-1).mean()
        return 0.5 * value_loss - surrogate - 0.01 * entropy

    def update(state, minibatch):
        parameters, memory = state
        gradients = jax.grad(loss)(parameters, *minibatch)
        steps, memory = optimizer.update(gradients, memory, parameters)
        return (optax.apply_updates(parameters, steps), memory), None

    return (parameters, optimizer.init(parameters)), data, update


def ppo_update():
    """Compiled, called once for each minibatch."""
    state, data, update = ppo_parts()
    step = jax.jit(update, donate_argnums=0)
    minibatches = [tuple(part[i] for part in data) for i in range(256)]

    def work():
        nonlocal state
        for minibatch in minibatches:
            state, _ = step(state, minibatch)
        jax.block_until_ready(state)
        return 256

    return work


def ppo_scan():
    """Compiled as one loop over 256 minibatches, four times."""
    state, data, update = ppo_parts()

    @jax.jit
    def epochs(state):
        return jax.lax.scan(lambda state, _: jax.lax.scan(update, state, data), state, None, 4)[0]

    def work():
        nonlocal state
        state = jax.block_until_ready(epochs(state))
        return 4 * 256

    return work


def advantages():
    steps, environments = 2048, 256
    keys = jax.random.split(jax.random.PRNGKey(0), 4)
    shape = (steps, environments)
    rewards, values, following = (jax.random.normal(key, shape) for key in keys[:3])
    ended = jax.random.bernoulli(keys[3], 1 / 200, shape).astype(jnp.float32)

    @jax.jit
    def estimate(rewards, values, following, ended):
        def step(later, row):
            reward, value, after, end = row
            result = reward + 0.99 * (1 - end) * after - value + 0.99 * 0.95 * (1 - end) * later
            return result, result

        return jax.lax.scan(
            step, jnp.zeros(environments), (rewards, values, following, ended), reverse=True, unroll=8)[1]

    def work():
        jax.block_until_ready(estimate(rewards, values, following, ended))
        return steps * environments

    return work


def rejax_cartpole():
    """rejax's PPO on gymnax's CartPole, 8 environments, 128 steps, 4 epochs, minibatches of 64, without evaluation."""
    import rejax

    algorithm = rejax.PPO.create(
        env="CartPole-v1", num_envs=8, num_steps=128, num_epochs=4, num_minibatches=16, learning_rate=3e-4,
        max_grad_norm=0.5, total_timesteps=1 << 20, eval_freq=1 << 20, agent_kwargs={"activation": "tanh"})
    iterations = 64

    @jax.jit
    def train(state):
        return jax.lax.scan(lambda state, _: (algorithm.train_iteration(state), None), state, None, iterations)[0]

    state = algorithm.init_state(jax.random.PRNGKey(0))

    def work():
        nonlocal state
        state = jax.block_until_ready(train(state))
        return iterations * 1024

    return work


def rejax_pendulum():
    """rejax's SAC on gymnax's Pendulum, one environment, 64x64, an update of 256 transitions a step."""
    import rejax

    algorithm = rejax.SAC.create(
        env="Pendulum-v1", num_envs=1, buffer_size=100_000, fill_buffer=300, batch_size=256, num_epochs=1,
        learning_rate=3e-4, total_timesteps=1 << 20, eval_freq=1 << 20,
        agent_kwargs={"activation": "relu", "hidden_layer_sizes": (64, 64)})
    steps = 500

    @jax.jit
    def train(state):
        return jax.lax.scan(lambda state, _: (algorithm.train_iteration(state), None), state, None, steps)[0]

    state = algorithm.init_state(jax.random.PRNGKey(0))
    state = jax.block_until_ready(train(state))

    def work():
        nonlocal state
        state = jax.block_until_ready(train(state))
        return steps

    return work


def gymnax_cartpole():
    """gymnax's CartPole, 256 copies, random actions, new at each step, 256 steps in one compiled loop."""
    import gymnax

    environment, parameters = gymnax.make("CartPole-v1")
    copies, steps = 256, 256
    key = jax.random.PRNGKey(0)
    _, state = jax.vmap(environment.reset, (0, None))(jax.random.split(key, copies), parameters)
    actions = jax.random.randint(key, (steps, copies), 0, 2)

    @jax.jit
    def roll(key, state):
        def step(carry, actions):
            key, state = carry
            key, now = jax.random.split(key)
            observations, state, reward, done, _ = jax.vmap(environment.step, (0, 0, 0, None))(
                jax.random.split(now, copies), state, actions, parameters)
            return (key, state), reward.sum()

        return jax.lax.scan(step, (key, state), actions)

    def work():
        nonlocal key, state
        (key, state), _ = jax.block_until_ready(roll(key, state))
        return copies * steps

    return work
