"""What is compared: a row is a piece of work, Telos's figure for it, the peers' figures and the targets.

Every figure is a rate, so that a ratio above 1 says that Telos is faster.
"""

from dataclasses import dataclass, field


@dataclass
class Peer:
    label: str
    figure: str
    arguments: list = field(default_factory=list)
    # The least ratio of Telos's rate to this one that meets the target; None where there is no target.
    target: float | None = None


@dataclass
class Row:
    name: str
    work: str
    telos: str
    peers: list
    threads: int = 1
    # How a rate is shown: "us", "ms" or "s" for the time of `units` units, else a unit after the rate over `scale`.
    show: str = "us"
    units: float = 1
    scale: float = 1
    # The least rate that meets a target of its own.
    target: float | None = None
    instruction_set: str | None = None
    # Work per `units` units, for the bound.
    flop: float = 0
    bytes: float = 0
    # Arithmetic outside multiply-adds, in operations on one lane, of which a core does half as many a second as flop. A
    # division counts as 10 and a square root as 16, which is how long they keep the unit of a 2023 server core busy.
    operations: float = 0
    # What else bounds the row, in words.
    note: str = ""


def layers(sizes):
    return sum(inputs * outputs for inputs, outputs in zip(sizes, sizes[1:]))


def training(sizes):
    """Multiply-adds of one example forward and backward; the first layer's input needs no gradient."""
    return 3 * layers(sizes) - sizes[0] * sizes[1]


def ppo_flop():
    parameters = layers([4, 64, 64, 2]) + layers([4, 64, 64, 1])
    return 64 * 2 * (training([4, 64, 64, 2]) + training([4, 64, 64, 1])) + 14 * parameters


def ppo_operations():
    """Two networks' tanh, some 20 operations and a division each, and Adam with a division and a square root."""
    parameters = layers([4, 64, 64, 2]) + layers([4, 64, 64, 1]) + 4 * 64 + 3
    return 4 * 64 * 64 * (20 + 10) + parameters * (10 + 16)


def gru_operations():
    """Three gates of some 20 operations and a division, and as many operations backward."""
    return 64 * 32 * 128 * 3 * (20 + 10 + 10)


def sac_flop():
    actor, critic = [17, 256, 256, 12], [23, 256, 256, 1]
    target = layers(actor) + 2 * layers(critic)
    critics = 2 * training(critic)
    policy = training(actor) + 2 * (2 * layers(critic) - 17 * 256)
    return 256 * 2 * (target + critics + policy) + 18 * (layers(actor) + 2 * layers(critic))


def transformer_flop():
    tokens, width = 32 * 64, 128
    # Query, key, value, output and a hidden layer of four widths; scores and mixtures; the head.
    forward = 4 * (12 * width * width + 2 * 64 * width) + width * 64
    return 3 * 2 * tokens * forward


def gru_flop():
    # Products with inputs and states forward; backward one for each of both weights and one for the states.
    return 5 * 2 * 32 * 64 * 128 * 3 * 128


def convolution_flop():
    first, second, third = 20 * 20 * 32 * 8 * 8 * 4, 9 * 9 * 64 * 4 * 4 * 32, 7 * 7 * 64 * 3 * 3 * 64
    return 32 * 2 * (2 * first + 3 * second + 3 * third)


def product_rows():
    rows = []
    for m, k, n in [(64, 64, 64), (256, 256, 256), (1024, 1024, 1024), (256, 64, 256), (8, 64, 64)]:
        size = f"{m}x{k}x{n}"
        # A unit of these rates is a thousand million operations.
        shared = dict(telos=f"matrix product {size}", show="GFLOP/s", flop=1e9)
        blas = lambda target: Peer("OpenBLAS", "native.blas_matmul", [m, k, n], target)
        rows.append(
            Row(
                f"matmul-{size}", f"matrix product {size}, widest registers",
                peers=[blas(1.8), Peer("PyTorch", "pytorch.matmul", [m, k, n])], **shared))
        rows.append(
            Row(
                f"matmul-{size}-avx2", f"matrix product {size}, AVX2 form", peers=[blas(0.9)], instruction_set="avx2",
                **shared))
    return rows


def elementwise_rows():
    return [
        Row(
            f"elementwise-{name}", f"{name} of a million floats", telos=f"elementwise {name}",
            peers=[Peer("PyTorch", "pytorch.elementwise", [name], 3)], show="ms", units=1e6, bytes=8e6)
        for name in ["tanh", "exp", "log"]
    ]


def threaded(name, work, telos, figure, target, **rest):
    """The same row with one thread and with two; the target belongs to `target`'s thread counts."""
    return [
        Row(
            f"{name}-{threads}", work, telos=telos, threads=threads,
            peers=[Peer("PyTorch", figure, [], target.get(threads))], **rest)
        for threads in [1, 2]
    ]


def physics(task):
    return Row(
        f"physics-{task.lower()}", f"{task} alone, 8 copies, random actions", telos=f"step {task}", threads=2,
        show="k steps/s", scale=1e3,
        peers=[
            Peer("plain C loop over MuJoCo", "physics.plain_loop", [task, 2], 0.9),
            Peer("Gymnasium, AsyncVectorEnv", "libraries.async_vector", [f"{task}-v5"], 2.5),
        ])


ROWS = [
    Row(
        "ppo-update", "PPO minibatch update: two 4-64-64-k tanh networks, batch 64, clip, entropy, norm clip, Adam",
        telos="ppo update", flop=ppo_flop(), operations=ppo_operations(),
        note="Beside the products: 16,384 tanh within 2 units in the last place, a square root and a division for "
        "each of 9,155 parameters",
        peers=[
            Peer("PyTorch eager", "pytorch.ppo_update", [], 30),
            Peer("JAX, a call each", "jaxed.ppo_update"),
            Peer("JAX, one long scan", "jaxed.ppo_scan", [], 1 / 0.65),
        ]),
    Row(
        "sac-update", "SAC update: 256x256, batch 256, two critics and their targets, temperature",
        telos="sac update", threads=2, show="updates/s", flop=sac_flop(),
        note="Beside the products: Adam and the targets' averages on 218,000 parameters, a pass over 256x256 "
        "activations after each layer",
        peers=[
            Peer("SBX (JAX), 32 updates a call", "libraries.sbx_sac", [32], 2),
            Peer("SBX (JAX), an update a call", "libraries.sbx_sac", [1]),
            Peer("Stable-Baselines3", "libraries.sb3_sac", [], 4.5),
        ]),
    *product_rows(),
    *elementwise_rows(),
    *threaded(
        "transformer", "causal transformer training step: 4 layers, width 128, 4 heads, 64 tokens, batch 32, Adam",
        "transformer step", "pytorch.transformer", {2: 2}, show="ms", units=32 * 64, flop=transformer_flop(),
        note="Beside the products: GELU and its derivative on a million activations a layer, each with an exponential "
        "and a division; softmax, norms, Adam"),
    *threaded(
        "gru", "GRU, width 128, 64 steps, batch 32, forward and backward", "gru", "pytorch.gru", {1: 2.5, 2: 2.5},
        show="ms", flop=gru_flop(), operations=gru_operations(),
        note="Beside the products: 64 steps one after another, each with three gates on 4,096 values"),
    *threaded(
        "convolution", "three Atari convolutions on 4x84x84, batch 32, forward and backward", "convolution",
        "pytorch.convolution", {1: 1.3, 2: 1.3}, show="ms", flop=convolution_flop(),
        note="Beside the products: 5 million values of patches gathered and as many added back"),
    Row(
        "compile-sac", "tracing, differentiating and compiling the SAC update (peer: its first call)",
        telos="compile sac", show="ms", target=1000 / 30,
        peers=[Peer("SBX (JAX)", "libraries.sbx_sac_first_call")]),
    Row(
        "advantages", "generalised advantage estimation, 2,048 steps of 256 environments", telos="advantages 524288",
        show="ms", units=524_288, target=524_288 / 0.5e-3, bytes=17 * 524_288,
        peers=[Peer("JAX", "jaxed.advantages"), Peer("NumPy", "libraries.numpy_advantages")]),
    Row(
        "ppo-cartpole", "PPO on CartPole, end to end: 8 environments, 128 steps, 4 epochs, minibatch 64",
        telos="train ppo CartPole", show="k steps/s", scale=1e3,
        peers=[
            Peer("rejax (JAX)", "jaxed.rejax_cartpole", [], 3),
            Peer("Stable-Baselines3", "libraries.sb3_cartpole", [], 40),
        ]),
    Row(
        "sac-pendulum-256", "SAC on Pendulum, end to end: 256x256, batch 256, an update a step",
        telos="train sac Pendulum 256x256", threads=2, show="steps/s",
        peers=[
            Peer("SBX (JAX)", "libraries.pendulum", ["sbx", [256, 256]], 2),
            Peer("Stable-Baselines3", "libraries.pendulum", ["stable_baselines3", [256, 256]], 4.5),
        ]),
    Row(
        "sac-pendulum-64", "SAC on Pendulum, end to end: 64x64, batch 256, an update a step",
        telos="train sac Pendulum 64x64", show="steps/s", peers=[Peer("rejax (JAX)", "jaxed.rejax_pendulum", [], 1.5)]),
    Row(
        "dqn-cartpole", "DQN on CartPole, end to end: 64x64, batch 64, an update a step",
        telos="train dqn CartPole 64x64", show="steps/s",
        peers=[Peer("Stable-Baselines3", "libraries.sb3_dqn_cartpole", [], 8)]),
    Row(
        "replay-push", "a transition into a uniform replay of a million: 17 numbers observed, 6 acted",
        telos="replay push", show="M/s", scale=1e6, peers=[Peer("Stable-Baselines3", "libraries.sb3_push", [], 4)]),
    Row(
        "replay-sample", "a batch of 256 from a uniform replay of a million: 17 numbers observed, 6 acted",
        telos="replay sample 256", peers=[Peer("Stable-Baselines3", "libraries.sb3_sample", [], 4)]),
    Row(
        "cartpole", "CartPole alone, 256 copies side by side", telos="step CartPole", show="M steps/s", scale=1e6,
        target=20e6,
        peers=[
            Peer("Gymnasium, vectorised", "libraries.gymnasium_cartpole"),
            Peer("gymnax (JAX)", "jaxed.gymnax_cartpole"),
        ]),
    physics("Hopper"),
    physics("HalfCheetah"),
    Row(
        "ppo-halfcheetah", "PPO on HalfCheetah, end to end: 64x64, 8 environments, 256 steps, 10 epochs, minibatch 64",
        telos="train ppo HalfCheetah", threads=2, show="k steps/s", scale=1e3,
        peers=[Peer("Stable-Baselines3", "physics.sb3_ppo", [], 3)]),
    Row(
        "sac-hopper", "SAC on Hopper, end to end: 256x256, batch 256, an update a step", telos="train sac Hopper",
        threads=2, show="steps/s",
        peers=[
            Peer("SBX (JAX)", "physics.sac", ["sbx"], 2),
            Peer("Stable-Baselines3", "physics.sac", ["stable_baselines3"]),
        ]),
    *[
        Row(
            f"gymnasium-{name.lower()}", f"{name} of Gymnasium, 8 environments: Telos's workers and AsyncVectorEnv",
            telos=f"gymnasium {name}", threads=2, units=8,
            peers=[Peer("Gymnasium, AsyncVectorEnv", "libraries.async_vector", [name], 1)])
        for name in ["CartPole-v1", "Hopper-v5"]
    ],
]
