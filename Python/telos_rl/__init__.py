"""Environments and rewards of Telos for Gymnasium and Stable-Baselines3."""

from telos_rl.library import LibraryError, TelosError, environments
from telos_rl.single import TelosEnv
from telos_rl.vector import TelosVectorEnv

__all__ = ["LibraryError", "TelosEnv", "TelosError", "TelosVectorEnv", "environments", "register"]


def register():
    """Registers each environment of Telos with Gymnasium, as `Telos/NAME-v0`; done on import where the library is found."""
    import gymnasium

    for name in environments():
        identifier = f"Telos/{name}-v0"
        if identifier not in gymnasium.registry:
            gymnasium.register(
                identifier, entry_point="telos_rl:TelosEnv", vector_entry_point="telos_rl:TelosVectorEnv",
                kwargs={"task": name})


try:
    register()
except LibraryError:
    pass
