"""The same work in libraries that people train agents with: Stable-Baselines3, SBX, Gymnasium, NumPy."""

import itertools

import gymnasium
import numpy


class Blank(gymnasium.Env):
    """Spaces of HalfCheetah's size; only its shape is used."""

    observation_space = gymnasium.spaces.Box(-numpy.inf, numpy.inf, (17,), numpy.float32)
    action_space = gymnasium.spaces.Box(-1, 1, (6,), numpy.float32)

    def reset(self, *, seed=None, options=None):
        return numpy.zeros(17, numpy.float32), {}

    def step(self, action):
        return numpy.zeros(17, numpy.float32), 0.0, False, False, {}


def filled(algorithm):
    """A soft actor-critic with a replay memory of random transitions."""
    from stable_baselines3.common.logger import configure

    options = {} if algorithm.__module__.startswith("sbx") else {"device": "cpu"}
    model = algorithm(
        "MlpPolicy", Blank(), batch_size=256, buffer_size=20_000, policy_kwargs={"net_arch": [256, 256]}, seed=0,
        **options)
    model.set_logger(configure(None, []))
    random, memory = numpy.random.default_rng(0), model.replay_buffer
    memory.observations[:] = random.standard_normal(memory.observations.shape)
    memory.next_observations[:] = random.standard_normal(memory.next_observations.shape)
    memory.actions[:] = random.uniform(-1, 1, memory.actions.shape)
    memory.rewards[:] = random.standard_normal(memory.rewards.shape)
    memory.dones[:] = 0
    memory.full = True
    return model


def sb3_sac():
    from stable_baselines3 import SAC

    model = filled(SAC)

    def work():
        model.train(gradient_steps=8, batch_size=256)
        return 8

    return work


def sbx_sac(updates=32):
    """`updates` a call, so that the cost of a call is shared."""
    from sbx import SAC

    model = filled(SAC)

    def work():
        model.train(gradient_steps=updates, batch_size=256)
        return updates

    return work


def sbx_sac_first_call():
    """Tracing and compiling: the first update of a program that has compiled none."""
    import jax

    from sbx import SAC

    model = filled(SAC)

    def work():
        jax.clear_caches()
        model.train(gradient_steps=1, batch_size=256)
        return 1

    return work


def sb3_cartpole():
    from stable_baselines3 import PPO
    from stable_baselines3.common.env_util import make_vec_env

    model = PPO(
        "MlpPolicy", make_vec_env("CartPole-v1", 8, seed=0), n_steps=128, batch_size=64, n_epochs=4, device="cpu",
        seed=0)

    def work():
        model.learn(total_timesteps=1024, reset_num_timesteps=False)
        return 1024

    return work


def stepwise(model, steps):
    """Training of an off-policy model, `steps` environment steps a call, after what it takes at random first."""
    model.learn(total_timesteps=1000)

    def work():
        model.learn(total_timesteps=steps, reset_num_timesteps=False)
        return steps

    return work


def pendulum(library, sizes):
    """SAC as the library has it, one update a step."""
    import importlib

    options = {"device": "cpu"} if library == "stable_baselines3" else {}
    model = importlib.import_module(library).SAC(
        "MlpPolicy", "Pendulum-v1", batch_size=256, learning_starts=300, train_freq=1, gradient_steps=1,
        policy_kwargs={"net_arch": sizes}, seed=0, **options)
    return stepwise(model, 200)


def sb3_dqn_cartpole():
    from stable_baselines3 import DQN

    model = DQN(
        "MlpPolicy", "CartPole-v1", batch_size=64, learning_starts=100, train_freq=1, gradient_steps=1,
        target_update_interval=250, buffer_size=100_000, policy_kwargs={"net_arch": [64, 64]}, seed=0, device="cpu")
    return stepwise(model, 500)


def replay():
    from stable_baselines3.common.buffers import ReplayBuffer

    return ReplayBuffer(1_000_000, Blank.observation_space, Blank.action_space, device="cpu")


def sb3_push():
    memory = replay()
    observation, action = numpy.full((1, 17), 0.5, numpy.float32), numpy.full((1, 6), 0.25, numpy.float32)
    reward, done, information = numpy.ones(1), numpy.zeros(1), [{}]

    def work():
        for _ in range(256):
            memory.add(observation, observation, action, reward, done, information)
        return 256

    return work


def sb3_sample():
    memory = replay()
    memory.observations[:], memory.next_observations[:], memory.actions[:] = 0.5, 0.5, 0.25
    memory.full = True

    def work():
        memory.sample(256)
        return 1

    return work


def async_vector(identifier):
    """Gymnasium's own processes: eight environments, one each, random actions."""
    environments = gymnasium.make_vec(
        identifier, 8, vectorization_mode="async", vector_kwargs={"context": "fork"})
    environments.reset(seed=0)
    environments.action_space.seed(0)
    actions = [environments.action_space.sample() for _ in range(64)]
    steps = itertools.count()

    def work():
        environments.step(actions[next(steps) % 64])
        return 8

    return work


def gymnasium_cartpole():
    """Gymnasium's vectorised CartPole, 256 copies, random actions, new at each step."""
    environments = gymnasium.make_vec("CartPole-v1", 256, vectorization_mode="vector_entry_point")
    environments.reset(seed=0)
    actions = numpy.random.default_rng(0).integers(0, 2, (16, 256))

    def work():
        for now in actions:
            environments.step(now)
        return actions.size

    return work


def numpy_advantages():
    steps, environments = 2048, 256
    random = numpy.random.default_rng(0)
    rewards, values, following = random.standard_normal((3, steps, environments), numpy.float32)
    going = (random.random((steps, environments)) > 1 / 200).astype(numpy.float32)

    def work():
        deltas = rewards + numpy.float32(0.99) * going * following - values
        factors = numpy.float32(0.99 * 0.95) * going
        result = numpy.empty_like(rewards)
        later = numpy.zeros(environments, numpy.float32)
        for t in range(steps - 1, -1, -1):
            later = deltas[t] + factors[t] * later
            result[t] = later
        return steps * environments

    return work
