"""Tests of the package: python -m unittest discover Python/tests. Those of Stable-Baselines3 are skipped without it."""

import pathlib
import sys
import tempfile
import unittest
import warnings

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import gymnasium
import numpy
from gymnasium import spaces
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode

import telos_rl
from telos_rl import TelosEnv, TelosError, TelosVectorEnv, library

try:
    import stable_baselines3
except ImportError:
    stable_baselines3 = None


def random_actions(vector, seed=0):
    vector.action_space.seed(seed)
    while True:
        yield vector.action_space.sample()


class VectorTests(unittest.TestCase):
    def test_it_is_the_cart_pole_of_gymnasium(self):
        vector = TelosVectorEnv("CartPole", 3, seed=4)
        peer = gymnasium.make("CartPole-v1").unwrapped
        self.assertEqual(vector.single_action_space, spaces.Discrete(2))
        self.assertEqual(vector.observation_space.shape, (3, 4))
        self.assertEqual(vector.metadata["autoreset_mode"], AutoresetMode.SAME_STEP)
        observations, _ = vector.reset()
        peer.reset(seed=0)
        ends = 0
        for _, actions in zip(range(80), random_actions(vector)):
            before = observations
            observations, rewards, terminations, truncations, infos = vector.step(actions)
            self.assertIn(observations, vector.observation_space)
            for index in range(3):
                peer.state, peer.steps_beyond_terminated = before[index].astype(numpy.float64), None
                expected, reward, terminated, _, _ = peer.step(int(actions[index]))
                reached = infos["final_obs"][index] if terminations[index] else observations[index]
                numpy.testing.assert_allclose(reached, expected, atol=1e-6)
                self.assertEqual((rewards[index], bool(terminations[index])), (reward, terminated))
                ends += terminations[index]
            self.assertFalse(truncations.any())
        self.assertGreater(ends, 3)

    def test_an_end_delivers_both_observations(self):
        vector = TelosVectorEnv("Pendulum", 2, horizon=5, seed=1)
        observations, infos = vector.reset()
        self.assertEqual(set(infos["signals"]) - {f"_{name}" for name in vector.signal_names}, set(vector.signal_names))
        for step, actions in zip(range(1, 11), random_actions(vector)):
            before, (observations, _, terminations, truncations, infos) = observations, vector.step(actions)
            self.assertFalse(terminations.any())
            self.assertEqual(truncations.tolist(), [step % 5 == 0] * 2)
            if step % 5:
                self.assertNotIn("final_obs", infos)
                continue
            self.assertEqual(infos["_final_obs"].tolist(), [True, True])
            for index in range(2):
                final = infos["final_obs"][index]
                self.assertFalse(numpy.allclose(final, observations[index]))
                # The pendulum turns by at most 8 rad/s in 0.05 s: the final observation follows the one before.
                self.assertLess(abs(final[2] - before[index][2]), 2.5)
                signals = infos["final_info"]["signals"]
                self.assertAlmostEqual(numpy.cos(signals["angle"][index]), final[0], places=5)
                self.assertAlmostEqual(numpy.cos(infos["signals"]["angle"][index]), observations[index][0], places=5)

    def test_the_same_seed_is_the_same_run(self):
        def run(vector, **reset):
            result = [vector.reset(**reset)[0]]
            for _, actions in zip(range(30), random_actions(vector)):
                result.append(vector.step(actions)[0])
            return numpy.array(result)

        vector = TelosVectorEnv("CartPole", 4, seed=9)
        first = run(vector)
        numpy.testing.assert_array_equal(first, run(vector, seed=9))
        numpy.testing.assert_array_equal(first, run(TelosVectorEnv("CartPole", 4), seed=9))
        self.assertFalse(numpy.array_equal(first, run(vector)))
        self.assertFalse(numpy.array_equal(first, run(vector, seed=10)))

    def test_rewards_terms_and_auxiliaries(self):
        vector = TelosVectorEnv(
            "CartPole", 3, reward="1 - abs(angle)", auxiliary={"still": {"reward": "-abs(velocity)", "weight": 0.5}})
        vector.reset(seed=0)
        for _, actions in zip(range(30), random_actions(vector)):
            _, rewards, terminations, _, infos = vector.step(actions)
            signals = infos["signals"]
            for index in range(3):
                after = infos["final_info"]["signals"] if terminations[index] else signals
                primary = 1 - abs(after["angle"][index])
                self.assertAlmostEqual(infos["primary"][index], primary)
                self.assertAlmostEqual(infos["terms"]["still"][index], -abs(after["velocity"][index]))
                self.assertAlmostEqual(rewards[index], primary - 0.5 * abs(after["velocity"][index]))

    def test_views_are_views(self):
        vector = TelosVectorEnv("CartPole", 4, copy=False)
        kept = TelosVectorEnv("CartPole", 4)
        first, _ = vector.reset(seed=0)
        same, _ = kept.reset(seed=0)
        actions = numpy.zeros(4, numpy.int64)
        second = vector.step(actions)[0]
        self.assertFalse(numpy.shares_memory(first, second))
        # A view is good until the next step but one.
        numpy.testing.assert_array_equal(first, same)
        kept.step(actions)
        third = vector.step(actions)[0]
        self.assertTrue(numpy.shares_memory(first, third))
        numpy.testing.assert_array_equal(third, kept.step(actions)[0])
        self.assertFalse(numpy.shares_memory(kept.step(actions)[0], kept.step(actions)[0]))

    def test_nested_spaces(self):
        vector = TelosVectorEnv("NestedSpaces", 3)
        observations, _ = vector.reset(seed=0)
        self.assertIn(observations, vector.observation_space)
        for _, actions in zip(range(20), random_actions(vector)):
            observations = vector.step(actions)[0]
            self.assertIn(observations, vector.observation_space)
        single = TelosEnv("NestedSpaces")
        self.assertIn(single.reset(seed=0)[0], single.observation_space)
        self.assertIn(single.step(single.action_space.sample())[0], single.observation_space)

    def test_every_environment_can_be_stepped(self):
        for name in telos_rl.environments():
            vector = TelosVectorEnv(name, 2)
            vector.reset(seed=0)
            for _, actions in zip(range(3), random_actions(vector)):
                observations, rewards, *_ = vector.step(actions)
            self.assertIn(observations, vector.observation_space, name)
            self.assertTrue(numpy.isfinite(rewards).all(), name)
            self.assertTrue(vector.render()[1].startswith("<svg"), name)

    def test_a_file_is_a_task(self):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write("task: {environment: {name: FourRooms, size: 9}, reward: goal, horizon: 7}\nlearner: {algorithm: ppo}")
            file.flush()
            vector = TelosVectorEnv(file.name, 2)
            self.assertEqual(vector.horizon, 7)
            with self.assertRaisesRegex(TelosError, "write reward there"):
                TelosVectorEnv(file.name, 2, reward="1")

    def test_mistakes_are_explained(self):
        for arguments, message in [
            (("CartPol",), "did you mean 'CartPole'"), (("CartPole", 0), "from 1 to"), ((3,), "not int"),
            (("missing.yaml",), "cannot be read"),
        ]:
            with self.assertRaisesRegex(TelosError, message):
                TelosVectorEnv(*arguments)
        for changes, message in [
            (dict(reward="angel"), "angle"), (dict(options={"width": 3}), "no key 'width'"), (dict(horizon=0), "horizon"),
            (dict(combine="sums"), "sum"), (dict(auxiliary={"a": "angle"}, combine="behavior-alignment"), "policy"),
        ]:
            with self.assertRaisesRegex(TelosError, message):
                TelosVectorEnv("CartPole", 1, **changes)
        vector = TelosVectorEnv("CartPole", 2)
        vector.reset()
        for actions in [[0, 7], [0, -1], [0, 0.5], [0, float("nan")], [0], "no"]:
            with self.assertRaises(TelosError):
                vector.step(actions)
        vector.step([0, 1])
        vector.close()
        vector.close()
        with self.assertRaisesRegex(TelosError, "closed"):
            vector.step([0, 1])

    def test_the_library_refuses_nothing_silently(self):
        loaded = library.library()
        self.assertEqual(loaded.telos_vector_step(None, None, None), 1)
        self.assertIsNone(loaded.telos_vector_create(None, None, 1, 0, 0.99, None))
        loaded.telos_vector_destroy(None)

    def test_wrappers_of_gymnasium_work(self):
        vector = gymnasium.wrappers.vector.RecordEpisodeStatistics(TelosVectorEnv("CartPole", 4))
        vector.reset(seed=0)
        lengths = []
        for _, actions in zip(range(100), random_actions(vector)):
            _, _, terminations, _, infos = vector.step(actions)
            if "episode" in infos:
                lengths += infos["episode"]["l"][infos["_episode"]].tolist()
                numpy.testing.assert_array_equal(infos["episode"]["r"], infos["episode"]["l"])
        self.assertGreater(len(lengths), 8)
        self.assertLess(sum(lengths), 401)


class SingleTests(unittest.TestCase):
    def test_gymnasium_finds_nothing_wrong(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check_env(gymnasium.make("Telos/CartPole-v0").unwrapped, skip_render_check=True)
            check_env(TelosEnv("Pendulum"), skip_render_check=True)

    def test_an_episode_ends_and_another_begins(self):
        environment = gymnasium.make("telos_rl:Telos/CartPole-v0")
        observation, _ = environment.reset(seed=3)
        starts = []
        for _ in range(3):
            starts.append(observation)
            terminated = False
            while not terminated:
                observation, reward, terminated, truncated, info = environment.step(0)
            self.assertGreater(abs(observation[2]), 0.2)
            self.assertAlmostEqual(info["signals"]["angle"], observation[2], places=6)
            observation, _ = environment.reset()
            self.assertLess(abs(observation[2]), 0.06)
        self.assertFalse(numpy.array_equal(starts[0], starts[1]))
        vector = gymnasium.make_vec("Telos/CartPole-v0", num_envs=5, vectorization_mode="vector_entry_point")
        self.assertEqual(vector.reset()[0].shape, (5, 4))


@unittest.skipUnless(stable_baselines3, "stable-baselines3 is not installed")
class StableBaselinesTests(unittest.TestCase):
    def test_what_it_tells_is_what_happened(self):
        from telos_rl.sb3 import TelosVecEnv

        environments, peer = TelosVecEnv("CartPole", 3, horizon=12), TelosVectorEnv("CartPole", 3, horizon=12)
        environments.seed(5)
        observations = environments.reset()
        numpy.testing.assert_array_equal(observations, peer.reset(seed=5)[0])
        for _, actions in zip(range(60), random_actions(peer)):
            observations, rewards, dones, infos = environments.step(actions)
            expected, _, terminations, truncations, found = peer.step(actions)
            numpy.testing.assert_array_equal(observations, expected)
            numpy.testing.assert_array_equal(dones, terminations | truncations)
            for index in numpy.flatnonzero(dones):
                numpy.testing.assert_array_equal(infos[index]["terminal_observation"], found["final_obs"][index])
                self.assertEqual(infos[index]["TimeLimit.truncated"], truncations[index])
                self.assertEqual(infos[index]["episode"]["l"], infos[index]["episode"]["r"])

    def test_ppo_trains(self):
        from telos_rl.sb3 import TelosVecEnv

        model = stable_baselines3.PPO(
            "MlpPolicy", TelosVecEnv("CartPole", 4, seed=0), n_steps=128, seed=0, device="cpu")
        model.learn(4096)
        self.assertGreater(numpy.mean([episode["r"] for episode in model.ep_info_buffer]), 30)


if __name__ == "__main__":
    unittest.main()
