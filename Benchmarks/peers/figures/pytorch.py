"""The same work in PyTorch, eager, as its documentation writes it."""

import torch
import torch.nn.functional as F
from torch import nn


def mlp(sizes, activation):
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        layers += [nn.Linear(inputs, outputs), activation()]
    return nn.Sequential(*layers[:-1])


def ppo_update():
    torch.manual_seed(0)
    policy, value = mlp([4, 64, 64, 2], nn.Tanh), mlp([4, 64, 64, 1], nn.Tanh)
    parameters = list(policy.parameters()) + list(value.parameters())
    optimizer = torch.optim.Adam(parameters, lr=3e-4, eps=1e-5)
    count, batch = 256, 64
    observations = torch.randn(count, batch, 4)
    actions = torch.randint(2, (count, batch, 1))
    old = torch.full((count, batch), -0.6931472)
    advantages, returns = torch.randn(count, batch), torch.randn(count, batch)
    following = 0

    def work():
        nonlocal following
        i = following
        following = (following + 1) % count
        log_probabilities = F.log_softmax(policy(observations[i]), dim=-1)
        log_probability = log_probabilities.gather(1, actions[i]).squeeze(1)
        ratio = torch.exp(log_probability - old[i])
        surrogate = torch.min(ratio * advantages[i], ratio.clamp(0.8, 1.2) * advantages[i]).mean()
        value_loss = F.mse_loss(value(observations[i]).squeeze(1), returns[i])
        entropy = -(log_probabilities.exp() * log_probabilities).sum(-1).mean()
        loss = 0.5 * value_loss - surrogate - 0.01 * entropy
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 0.5)
        optimizer.step()
        return 1

    return work


def matmul(m, k, n):
    a, b, c = torch.rand(m, k), torch.rand(k, n), torch.empty(m, n)

    def work():
        for _ in range(16):
            torch.mm(a, b, out=c)
        return 16 * 2e-9 * m * k * n

    return work


def elementwise(name):
    function = getattr(torch, name)
    x = torch.rand(1_000_000)
    y = torch.empty_like(x)

    def work():
        function(x, out=y)
        return 1_000_000

    return work


class Block(nn.Module):
    """A pre-norm transformer block, heads of 32."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        batch, tokens, width = x.shape
        parts = self.qkv(self.norm1(x)).view(batch, tokens, 3, self.heads, width // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, tokens, width))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Transformer(nn.Module):
    def __init__(self, vocabulary, width, heads, layers, tokens):
        super().__init__()
        self.embedding, self.position = nn.Embedding(vocabulary, width), nn.Embedding(tokens, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary)

    def forward(self, tokens):
        x = self.embedding(tokens) + self.position.weight
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def transformer():
    torch.manual_seed(0)
    model = Transformer(64, 128, 4, 4, 64)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-4)
    tokens = torch.randint(64, (32, 65))

    def work():
        logits = model(tokens[:, :-1])
        loss = F.cross_entropy(logits.reshape(-1, 64), tokens[:, 1:].reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return 32 * 64

    return work


def gru():
    torch.manual_seed(0)
    model = nn.GRU(128, 128, batch_first=True)
    x = torch.randn(32, 64, 128)

    def work():
        model.zero_grad()
        model(x)[0].square().mean().backward()
        return 1

    return work


def convolution():
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(4, 32, 8, 4), nn.ReLU(), nn.Conv2d(32, 64, 4, 2), nn.ReLU(), nn.Conv2d(64, 64, 3, 1), nn.ReLU())
    x = torch.rand(32, 4, 84, 84)

    def work():
        model.zero_grad()
        model(x).square().mean().backward()
        return 1

    return work
