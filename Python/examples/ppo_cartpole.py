"""Trains PPO of Stable-Baselines3 on eight CartPoles of Telos, and evaluates it.

python Python/examples/ppo_cartpole.py [TASK] [STEPS]
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import torch
from stable_baselines3 import PPO
from stable_baselines3.common.evaluation import evaluate_policy

from telos_rl.sb3 import TelosVecEnv

# Networks this small are slower on several threads.
torch.set_num_threads(1)
task = sys.argv[1] if len(sys.argv) > 1 else "CartPole"
steps = int(sys.argv[2]) if len(sys.argv) > 2 else 50_000
model = PPO("MlpPolicy", TelosVecEnv(task, 8, seed=0), n_steps=256, seed=0, device="cpu", verbose=1)
model.learn(steps)
mean, deviation = evaluate_policy(model, TelosVecEnv(task, 8, seed=1000), n_eval_episodes=20, warn=False)
print(f"return of 20 deterministic episodes of {task}: {mean:.1f}, standard deviation {deviation:.1f}")
