"""Training steps without what Lightning's own loop does around each of them."""

from __future__ import annotations

from typing import Any

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.loops.training_epoch_loop import _TrainingEpochLoop
from pytorch_lightning.strategies import SingleDeviceStrategy

# What Lightning calls in the midst of a step.
_CALLBACK_HOOKS = (
    "on_train_batch_start",
    "on_before_zero_grad",
    "on_before_backward",
    "on_after_backward",
    "on_before_optimizer_step",
)
_MODULE_HOOKS = (
    *_CALLBACK_HOOKS,
    "on_train_batch_end",
    "backward",
    "configure_gradient_clipping",
    "optimizer_step",
    "optimizer_zero_grad",
)
_PLAIN_PRECISIONS = ("32-true", "bf16-mixed")  # no gradient scaler


class LeanEpochLoop(_TrainingEpochLoop):
    """Lightning's loop over an epoch, with steps that are forward, zero_grad, backward, clip and step, and no more.

    Lightning spends about half a millisecond a step on hooks, closures and contexts, whatever the network: a share that
    shows at small batches on a CPU, and as much as the paper's network takes on a GPU (docs/performance.md). What is
    counted, kept in checkpoints and called at the ends of steps and epochs is the same, and so is every number.
    Where a training asks for more (several processes, a gradient scaler, a hook in the midst of a step), Lightning's
    own step is taken.
    """

    _plain = False

    @classmethod
    def install(cls, trainer: Trainer) -> None:
        """Puts this loop in the place of the trainer's own, before anything has run."""
        own = trainer.fit_loop.epoch_loop
        trainer.fit_loop.epoch_loop = cls(trainer, own.min_steps, own.max_steps)

    def on_run_start(self, data_fetcher: Any) -> None:
        """Starts an epoch."""
        super().on_run_start(data_fetcher)
        self._plain = is_plain(self.trainer)

    def advance(self, data_fetcher: Any) -> None:
        """Takes one step."""
        # The first step after a resume has to find out where it stands.
        if self.restarting or not self._plain:
            super().advance(data_fetcher)
            return
        self.val_loop.restarting = False
        trainer, module = self.trainer, self.trainer.lightning_module
        batch, _, _ = next(data_fetcher)
        batch_idx = self.batch_idx + 1
        self.batch_progress.is_last_batch = data_fetcher.done
        batch = trainer.strategy.batch_to_device(module._on_before_batch_transfer(batch))
        self.batch_progress.increment_ready()
        self.batch_progress.increment_started()
        with trainer.precision_plugin.train_step_context():
            loss = module.training_step(batch, batch_idx)
        self._optimize(loss)
        self.batch_progress.increment_processed()
        if self._num_ready_batches_reached():
            self.update_lr_schedulers("epoch", update_plateau_schedulers=False)
        for callback in trainer.callbacks:
            callback.on_train_batch_end(trainer, module, {"loss": loss}, batch, batch_idx)
        self.batch_progress.increment_completed()

    def _optimize(self, loss: Any) -> None:
        trainer, (optimizer,) = self.trainer, self.trainer.optimizers
        progress = self.automatic_optimization.optim_progress.optimizer.step
        progress.increment_ready()
        optimizer.zero_grad()
        loss.backward()
        if trainer.gradient_clip_val:
            trainer.lightning_module.configure_gradient_clipping(
                optimizer, trainer.gradient_clip_val, trainer.gradient_clip_algorithm
            )
        optimizer.step()
        progress.increment_completed()


def is_plain(trainer: Trainer) -> bool:
    """Whether a step is forward, backward and the optimizer's step on one device, with nothing in between."""
    module, callbacks = trainer.lightning_module, trainer.callbacks  # type: ignore[attr-defined]
    return (
        isinstance(trainer.strategy, SingleDeviceStrategy)
        and trainer.precision in _PLAIN_PRECISIONS
        and trainer.accumulate_grad_batches == 1
        and module.automatic_optimization
        and len(trainer.optimizers) == 1
        and not any(_overrides(module, LightningModule, hook) for hook in _MODULE_HOOKS)
        and not any(_overrides(callback, Callback, hook) for callback in callbacks for hook in _CALLBACK_HOOKS)
    )


def _overrides(thing: object, base: type, hook: str) -> bool:
    return getattr(type(thing), hook) is not getattr(base, hook)
