"""MuJoCo's tasks: a plain loop in C over the same library and models, and training."""

import ctypes
import os
import pathlib
import subprocess

from figures.libraries import stepwise

FOLDER = pathlib.Path(__file__).resolve().parents[1]
MUJOCO = FOLDER.parents[1] / ".mujoco"
MODELS = {"Hopper": ("hopper.xml", 4, 1), "HalfCheetah": ("half_cheetah.xml", 5, 0)}


def plain_loop(task, threads):
    library = pathlib.Path(os.environ.get("TELOS_PEERS_NATIVE", "native.so")).with_name("mujoco_loop.so")
    source = FOLDER / "mujoco_loop.c"
    if not MUJOCO.exists():
        raise RuntimeError("MuJoCo is missing; run 'make mujoco'")
    if not library.exists() or library.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(
            ["clang", "-O3", "-shared", "-fPIC", f"-I{MUJOCO}/include", str(source), "-o", str(library),
             f"-L{MUJOCO}/lib", "-lmujoco", "-lpthread", f"-Wl,-rpath,{MUJOCO}/lib"], check=True)
    loop = ctypes.CDLL(str(library))
    file, frame_skip, falls = MODELS[task]
    if loop.prepare(str(MUJOCO / "models" / file).encode(), frame_skip, falls, threads) != 0:
        raise RuntimeError(f"{file} cannot be read")

    def work():
        loop.loop(threads, 1000)
        return 1000 * threads

    return work


def sb3_ppo():
    from stable_baselines3 import PPO
    from stable_baselines3.common.env_util import make_vec_env
    from stable_baselines3.common.vec_env import VecNormalize

    environments = VecNormalize(make_vec_env("HalfCheetah-v5", 8, seed=0), norm_reward=False)
    model = PPO("MlpPolicy", environments, n_steps=256, batch_size=64, n_epochs=10, device="cpu", seed=0)

    def work():
        model.learn(total_timesteps=2048, reset_num_timesteps=False)
        return 2048

    return work


def sac(library):
    """SAC on Hopper as the library has it, one update a step."""
    import importlib

    options = {"device": "cpu"} if library == "stable_baselines3" else {}
    model = importlib.import_module(library).SAC(
        "MlpPolicy", "Hopper-v5", batch_size=256, learning_starts=300, train_freq=1, gradient_steps=1,
        policy_kwargs={"net_arch": [256, 256]}, seed=0, **options)
    return stepwise(model, 200)
