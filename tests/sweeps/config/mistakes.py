"""What is typed wrongly, and the line that it is told in; used by `test_mistakes.py`."""

RUN = "0123456789abcdef0123456789abcdef"
PYSKL = "datamodule=pyskl datamodule.path=there.pkl"
ALPHAPOSE = "datamodule=alphapose datamodule.path=folder"
AIHUB = "datamodule=aihub datamodule.path=folder"
SPLITS = f"{PYSKL} datamodule/split=predefined datamodule.split.train=a"
CLASSES = "only classes of pose, datamodules, lightning_modules, sweeps, torch.optim and pytorch_lightning can be built"
LSTM = "lightning_modules.networks.LSTMClassifier"
OPTIMIZERS = "one of optimizer=adam, optimizer=adamw, optimizer=rmsprop, optimizer=sgd"

# What is typed -> what is told, both with and without -m. {root} is the folder.
MISTAKES = {
    # keys
    "optimizr=adam": "optimizr=adam: no such key; type optimizer=adam",
    "optimizr=adm": "optimizr=adm: no such key; type optimizer=adam",
    "optimizer.lrr=1": "optimizer.lrr=1: no such key; type optimizer.lr=1",
    "lr=0.1": "lr=0.1: no such key; type optimizer.lr=0.1",
    "epochs=5": "epochs=5: no such key; type trainer.max_epochs=5",
    "learning_rate=0.1": "learning_rate=0.1: no such key; type optimizer.lr=0.1",
    "model.layers=2": "model.layers=2: no such key; type model.num_layers=2",
    "foo=1": "foo=1: no such key; python train.py --help lists them",
    "model.foo=1": "model.foo=1: no such key; python train.py --help lists them",
    "seed.x=1": "seed.x=1: no such key; python train.py --help lists them",
    "model={layers:2}": "model={layers:2}: no such key; type model.num_layers=VALUE",
    "=3": "=3: has no key; type key=value",
    "selection=val/loss": "selection=val/loss: selection holds other keys; "
    "type one of them, as selection.monitor=val/loss",
    "optimizer/lr=0.1": "optimizer/lr=0.1: optimizer.lr is a key, not a group; type optimizer.lr=0.1",
    "optimizer.momentum=0.9": "optimizer.momentum=0.9: no such key as things are chosen; "
    "type one of optimizer=rmsprop, optimizer=sgd and optimizer.momentum=0.9",
    "datamodule.path=there.pkl": "datamodule.path=there.pkl: no such key as things are chosen; "
    "type one of datamodule=aihub, datamodule=alphapose, datamodule=hrnet, datamodule=openpose, datamodule=pyskl "
    "and datamodule.path=there.pkl",
    "hydra.verbos=true": "hydra.verbos=true: no such key; type hydra.verbose=true",
    # groups
    "optimizer=adm": "optimizer=adm: no such option; type optimizer=adam",
    "optimizer=zzzz": f"optimizer=zzzz: no such option; type {OPTIMIZERS}",
    "optimizer=3": f"optimizer=3: no such option; type {OPTIMIZERS}",
    "optimizer=null": f"optimizer=null: no such option; type {OPTIMIZERS}",
    "optimizer=": f"optimizer=: no such option; type {OPTIMIZERS}",
    "optimizer=[adam,sgd]": "optimizer=[adam,sgd]: takes one option; "
    "for a sweep type python train.py -m optimizer=adam,sgd",
    "datamodule.split=subjct": "datamodule.split=subjct: datamodule/split is a group; type datamodule/split=subject",
    "optimizer@other=sgd": "optimizer@other=sgd: a group has one place here; type optimizer=sgd",
    "datamodule/splt=subject": "datamodule/splt=subject: no such key; type datamodule/split=subject",
    "experiment=papr": "experiment=papr: no such option; type experiment=paper",
    "hydra/launcher=locl": "hydra/launcher=locl: no such option; type hydra/launcher=local",
    "sweep=ablation": "sweep=ablation: needs one +; type +sweep=ablation",
    "+sweep=ablaton": "+sweep=ablaton: no such option; type +sweep=ablation",
    # + and ~
    "+experiment=quick": "+experiment=quick: is there already; type experiment=quick",
    "+optimizer=adam": "+optimizer=adam: is there already; type optimizer=adam",
    "+optimizer.lr=1": "+optimizer.lr=1: is there already; type optimizer.lr=1",
    "++optimizer.lr=1": "++optimizer.lr=1: is there already; type optimizer.lr=1",
    "+optimizer.lrr=1": "+optimizer.lrr=1: no such key; type optimizer.lr=1",
    "+foo=1": "+foo=1: no such key; python train.py --help lists them",
    "~optimizer": f"~optimizer: nothing can be taken away; type {OPTIMIZERS}",
    "~optimizer.lr": "~optimizer.lr: nothing can be taken away; type optimizer.lr=VALUE",
    # grammar and shell
    "optimizer": f"optimizer: has no value; type {OPTIMIZERS}",
    "seed": "seed: is not key=value; type seed=VALUE",
    "sweep.name=a=b": "sweep.name=a=b: Hydra cannot read the value; type 'sweep.name=\"a=b\"'",
    "datamodule.classes=[a,b": "datamodule.classes=[a,b: the list has no end; type 'datamodule.classes=[a,b]'",
    "tracking.experiment=é": "tracking.experiment=é: Hydra cannot read the value; type 'tracking.experiment=\"é\"'",
    "datamodule=pyskl datamodule.path=my file.pkl": "file.pkl: is not key=value; if it belongs to the word before, "
    "type 'datamodule.path=\"my file.pkl\"'",
    f"{PYSKL} 'datamodule.id_pattern=S(\\d+)'": "datamodule.id_pattern=S(\\d+): Hydra cannot read the value; "
    "type 'datamodule.id_pattern=\"S(\\d+)\"'",
    # flags
    "--multirn": "--multirn: no such flag; type --multirun",
    "-x": "-x: no such flag; type --hydra-help for all flags",
    "--resolve": "--resolve belongs to --cfg; type --cfg job --resolve",
    "--experimental-rerun x": "--experimental-rerun reads a pickle, which can run code; type from_run=<mlflow run id>",
    "--config-name trian": "--config-name trian: no such file in conf/; type --config-name train",
    "--config-dir nope": "nope: no such folder; type the path of a folder with config files",
    # values
    "seed=abc": "seed=abc: must be a whole number, 0 to 4294967295; type seed=0",
    "seed=-1": "seed=-1: must be a whole number, 0 to 4294967295; type seed=0",
    "datamodule.batch_size=0": "datamodule.batch_size=0: must be a whole number, 1 or more; "
    "type datamodule.batch_size=256",
    "datamodule.batch_size=abc": "datamodule.batch_size=abc: must be a whole number, 1 or more; "
    "type datamodule.batch_size=256",
    "datamodule.sequence_length=1.5": "datamodule.sequence_length=1.5: must be a whole number, 1 or more; "
    "type datamodule.sequence_length=9",
    "datamodule.normalize=standrd": "datamodule.normalize=standrd: must be standard, body or none; "
    "type datamodule.normalize=standard",
    "datamodule.loader=worker": "datamodule.loader=worker: must be resident or workers; type datamodule.loader=workers",
    "datamodule.num_workers=-1": "datamodule.num_workers=-1: must be a whole number, 0 or more; "
    "type datamodule.num_workers=2",
    "datamodule.views=13": "datamodule.views=13: must be a whole number, 1 to 12; type datamodule.views=3",
    "datamodule.dimensions=4": "datamodule.dimensions=4: must be a whole number, 2 or 3; type datamodule.dimensions=2",
    "datamodule.frames=10": "datamodule.frames=10: must be a whole number, 1000 or more; type datamodule.frames=62880",
    "datamodule.classes=[walking,walking]": "datamodule.classes=[walking,walking]: must be a list of different names, "
    "or null; type datamodule.classes=null",
    "datamodule.classes=walking": "datamodule.classes=walking: must be a list of different names, or null; "
    "type 'datamodule.classes=[walking]'",
    "datamodule.split.test_fraction=1": "datamodule.split.test_fraction=1: must be a number, above 0 and below 1; "
    "type datamodule.split.test_fraction=0.2",
    "datamodule.split.val_fraction=1": "datamodule.split.val_fraction=1: must be a number, 0 to below 1; "
    "type datamodule.split.val_fraction=0.15",
    "model.num_layers=0": "model.num_layers=0: must be a whole number, 1 or more; type model.num_layers=3",
    "model.dropout=1": "model.dropout=1: must be a number, 0 to below 1; type model.dropout=0.0",
    "model.bidirectional=yes": "model.bidirectional=yes: must be true or false; type model.bidirectional=true",
    "loss.class_weights=balancd": "loss.class_weights=balancd: must be balanced, or a list of numbers, each above 0, "
    "or null; type loss.class_weights=balanced",
    "loss.label_smoothing=1": "loss.label_smoothing=1: must be a number, 0 to below 1; type loss.label_smoothing=0.0",
    "optimizer.lr=0": "optimizer.lr=0: must be a number, above 0; type optimizer.lr=0.001",
    "optimizer.lr=nan": "optimizer.lr=nan: must be a number, above 0; type optimizer.lr=0.001",
    "optimizer.betas=[0.9]": "optimizer.betas=[0.9]: must be a list of 2 numbers, each 0 to below 1; "
    "type 'optimizer.betas=[0.9,0.999]'",
    "trainer.max_epochs=0": "trainer.max_epochs=0: must be a whole number, 1 or more; type trainer.max_epochs=30",
    "trainer.gradient_clip_val=0": "trainer.gradient_clip_val=0: must be a number, above 0, or null; "
    "type trainer.gradient_clip_val=null",
    "tracking.log_model=allways": "tracking.log_model=allways: must be best, always or never; "
    "type tracking.log_model=always",
    "tracking.uri=outputs": "tracking.uri=outputs: must be sqlite:///FILE, http://HOST or "
    "postgresql+psycopg2://HOST/NAME; type tracking.uri=sqlite:///{root}/outputs/mlflow.db",
    "tracking.experiment=1": "tracking.experiment=1: must be a name; type 'tracking.experiment=\"1\"'",
    "selection.mode=max": "selection.mode=max: takes the worst epoch by val/loss; type selection.mode=min",
    "'sweep.tuned=[optimizer.lrr]'": "sweep.tuned=[optimizer.lrr]: there is no key optimizer.lrr; "
    "type 'sweep.tuned=[optimizer.lr]'",
    "selection.monitor=val/acuracy": "selection.monitor=val/acuracy: must be val/loss, val/accuracy or val/macro_f1; "
    "type selection.monitor=val/accuracy selection.mode=max",
    "datamodule.stride=${nope}": "datamodule.stride=${nope}: interpolation key 'nope' not found; "
    "type a value, or ${KEY} with a key that there is",
    # values together, and files
    "datamodule=pyskl": "datamodule.path is not set; type datamodule.path=FILE",
    "datamodule=pyskl datamodule.path=missing.p": "datamodule.path=missing.p: no such file or folder; "
    "type datamodule.path=FILE",
    "datamodule=pyskl datamodule.path=ther.pkl": "datamodule.path=ther.pkl: no such file or folder; "
    "type datamodule.path=there.pkl",
    "datamodule=pyskl datamodule.path=folder": "datamodule.path=folder: a folder; type datamodule.path=FILE",
    f"{PYSKL} datamodule/split=predefined": "datamodule.split.train and datamodule.split.test are not set; "
    "type datamodule.split.train=NAME datamodule.split.test=NAME",
    f"{SPLITS} datamodule.split.test=a": "datamodule.split.test=a: the same as datamodule.split.train; "
    "name another split, as datamodule.split.test=NAME",
    f"{PYSKL} 'datamodule.id_pattern=\"S(\\d+\"'": "datamodule.id_pattern=S(\\d+: not a regex, missing ), unterminated "
    "subpattern at position 1; type for instance 'datamodule.id_pattern=\"(?P<subject>P\\d+)\"'",
    f"{PYSKL} 'datamodule.id_pattern=\"(?P<subjct>P.)\"'": "datamodule.id_pattern=(?P<subjct>P.): subjct is no group "
    "of it; type 'datamodule.id_pattern=\"(?P<subject>P.)\"'",
    f"{PYSKL} datamodule.id_pattern=ntuu": "datamodule.id_pattern=ntuu: has no group subject, camera or recording, and "
    "is no preset (ntu or aihub); type datamodule.id_pattern=ntu",
    f"{PYSKL} 'datamodule.id_pattern=\"(?P<label>P.)\"'": "datamodule.id_pattern=(?P<label>P.): label is no group "
    "of it; type 'datamodule.id_pattern=\"(?P<subject>P.)\"'",
    f"{ALPHAPOSE} datamodule.id_pattern=labl": "datamodule.id_pattern=labl: has no group label, subject, camera or "
    "recording, and is no preset (ntu or aihub); type for instance 'datamodule.id_pattern=\"(?P<subject>P\\d+)\"'",
    f"{ALPHAPOSE} datamodule.image_size=1920": "datamodule.image_size=1920: must be a list of 2 numbers, each a "
    "whole number above 0, or null; type datamodule.image_size=null",
    f"{ALPHAPOSE} datamodule.min_overlap=1.5": "datamodule.min_overlap=1.5: must be a number, above 0 and below 1; "
    "type datamodule.min_overlap=0.3",
    f"{AIHUB} datamodule.actions.7=jump": "datamodule.actions.7=jump: adds to a table; type +datamodule.actions.7=jump",
    f"{AIHUB} 'datamodule.actions={{7:jump}}'": "datamodule.actions={7:jump}: adds to a table; "
    "type '+datamodule.actions={7:jump}'",
    f"{AIHUB} +datamodule.actions.7=3": "datamodule.actions={1:walk,2:run,3:sit,6:fall,7:3}: must be a table of names, "
    "as {1: walk}; type +datamodule.actions.1=NAME",
    f"{AIHUB} +datamodule.actons.7=jump": "+datamodule.actons.7=jump: no such key; python train.py --help lists them",
    "datamodule/split=window datamodule.stride=3": "datamodule.eval_stride=9: datamodule/split=window needs one stride "
    "for all windows, datamodule.stride=3; type datamodule.eval_stride=3",
    "datamodule.velocity=true datamodule.sequence_length=1": "datamodule.velocity=true: one frame alone does not move; "
    "type datamodule.sequence_length=9 or datamodule.velocity=false",
    "datamodule.train_fraction=0": "datamodule.train_fraction=0: must be a number, above 0 and up to 1; "
    "type datamodule.train_fraction=1.0",
    "datamodule.train_fraction=30": "datamodule.train_fraction=30: must be a number, above 0 and up to 1; "
    "type datamodule.train_fraction=1.0",
    "model=random_forest model.num_trees=0": "model.num_trees=0: must be a whole number, 1 or more; "
    "type model.num_trees=100",
    "model=svm model.gamma=scal": "model.gamma=scal: must be a number, above 0, or scale or auto; "
    "type model.gamma=scale",
    "model.C=2": "model.C=2: no such key as things are chosen; type model=svm model.C=2",
    # what a baseline does not use
    "model=svm optimizer.lr=0.1": "optimizer.lr=0.1: model=svm does not use it, it is no network; leave it out",
    "model=svm trainer=ddp": "trainer=ddp: model=svm does not use it, it is no network; leave it out",
    "model=majority trainer.max_epochs=3": "trainer.max_epochs=3: model=majority does not use it, it is no network; "
    "leave it out",
    "model=random_forest datamodule.batch_size=8": "datamodule.batch_size=8: model=random_forest does not use it, "
    "it is no network; leave it out",
    "test_curve=true": "test_curve=true: tests after every epoch, so nothing may be chosen by then; "
    "type datamodule.split.val_fraction=0",
    "optimizer=sgd optimizer.momentum=0": "optimizer.nesterov=true: needs a momentum; "
    "type optimizer.momentum=0.9 or optimizer.nesterov=false",
    "trainer=ddp trainer.devices=[0,1]": "trainer.devices=[0,1]: trainer.strategy=ddp needs a number of processes; "
    "type trainer.devices=2",
    "resume=abc": "resume=abc: must be an MLflow run id, 32 of 0-9 and a-f, or null; type resume=RUN_ID",
    f"resume={RUN} optimizer.lr=0.1": f"resume={RUN}: takes no changes, it goes on as it was; "
    f"for a new run type from_run={RUN} optimizer.lr=0.1",
    f"resume={RUN} from_run={RUN}": "from_run and resume are both set; "
    "type one: resume goes on with a run, from_run starts it anew",
    # what a config may build
    "model._target_=os.system": f"model._target_=os.system: {CLASSES}; type model._target_={LSTM}",
    "model._target_=torch.optim.adam.torch.hub.load": "model._target_=torch.optim.adam.torch.hub.load: no such class; "
    f"type model._target_={LSTM}",
    f"model._target_={LSTM[:-1]}": f"model._target_={LSTM[:-1]}: no such class; type model._target_={LSTM}",
    "'optimizer={_target_: subprocess.Popen}'": f"optimizer._target_=subprocess.Popen: {CLASSES}; "
    "type optimizer._target_=torch.optim.Adam",
    "'optimizer.betas=[{_target_: os.system}]'": f"optimizer.betas[0]._target_=os.system: {CLASSES}",
    "'+hydra.callbacks.x={_target_: os.system}'": "hydra.callbacks.x._target_=os.system: not a plugin in "
    "hydra_plugins/; leave it out",
    # a preset of the user's own
    "--config-dir own experiment=key": "optimizer.lrr=1: a config file sets it, "
    "but there is no such key; write optimizer.lr there",
    "--config-dir own experiment=value": "optimizer.lr=abc: must be a number, above 0; type optimizer.lr=0.001",
    "--config-dir own experiment=option": "optimizer=adm: no such option; type optimizer=adam",
}

# What only -m makes right.
SWEEPS_WITHOUT_M = {
    "optimizer=adam,rmsprop": "optimizer=adam,rmsprop: several values are a sweep; "
    "type python train.py -m optimizer=adam,rmsprop",
    "seed=1 'optimizer.lr=range(1,3)'": "optimizer.lr=range(1,3): several values are a sweep; "
    "type python train.py -m seed=1 'optimizer.lr=range(1,3)'",
    "+sweep=ablation": "+sweep=ablation: is a sweep; type python train.py -m +sweep=ablation",
    "datamodule.classes=walking,sitting": "datamodule.classes=walking,sitting: a list needs brackets; "
    "type 'datamodule.classes=[walking,sitting]'",
    "tracking.experiment=a,b": "tracking.experiment=a,b: several values, or one with a comma; "
    "type 'tracking.experiment=\"a,b\"' or python train.py -m tracking.experiment=a,b",
}

# What only a sweep can have.
IN_A_SWEEP = {
    "optimizer=adam,rmsprp": "optimizer=adam,rmsprp: no option rmsprp; type optimizer=rmsprop for it",
    "model.num_layers=1,2,0": "model.num_layers=0: must be a whole number, 1 or more; type model.num_layers=3",
    "optimizer=adam,sgd optimizer.lr=1e-3,abc": "optimizer.lr=abc: must be a number, above 0; type optimizer.lr=0.001",
    "'optimizer.lr=interval(0,1)'": "optimizer.lr=interval(0,1): an interval has no end of values; "
    "type optimizer.lr=choice(a,b) or optimizer.lr=range(start,stop,step), or for a search hydra/sweeper=optuna "
    "before it",
    "datamodule.classes=walking,sitting": "datamodule.classes=walking: must be a list of different names, or null; "
    "type 'datamodule.classes=[walking]'",
    "optimizer=sgd,rmsprop optimizer.momentum=0.5": "optimizer.momentum=0.5: only some options have this key; "
    "type 'optimizer.momentum=choice(0.5)'",
    "+sweep=optimizers optimizer=adm": "optimizer=adm: no such option; type optimizer=adam",
    "model=svm optimizer=adam,sgd": "optimizer=adam: model=svm does not use it, it is no network; leave it out",
    "model=lstm,svm optimizer=adam,sgd": "optimizer=sgd: model=svm does not use it, its jobs would be the same twice; "
    "type two commands, one without model=svm and one with it alone",
    "+sweep=ablation optimizr=adam": "optimizr=adam: no such key; type optimizer=adam",
    "+sweep=ablation,optimizers": "+sweep=ablation,optimizers: takes one preset; type +sweep=ablation",
    "hydra/launcher=local,basic": "hydra/launcher=local,basic: Hydra's own settings cannot be swept over; "
    "type one value",
    "hydra.verbose=true,false": "hydra.verbose=true,false: Hydra's own settings cannot be swept over; type one value",
    "--cfg job": "--multirun and --cfg are two commands; type one",
}

# What only a search can have.
LR = "'optimizer.lr=tag(log,interval(1e-5,1e-1))'"
SWEEPER = "hydra.sweeper"
IN_A_SEARCH = {
    "": "hydra/sweeper=optuna: nothing varies; type what does, for instance " + LR,
    "seed=3": "hydra/sweeper=optuna: nothing varies; type what does, for instance " + LR,
    "'optimizer.lr=interval(1e-1,1e-5)'": "optimizer.lr=interval(1e-1,1e-5): begins above its end; "
    "type 'optimizer.lr=interval(1e-05,0.1)'",
    "'optimizer.lr=interval(1e-3,1e-3)'": "optimizer.lr=interval(1e-3,1e-3): is one value; type optimizer.lr=0.001",
    "'optimizer.lr=tag(log,interval(0,1e-1))'": "optimizer.lr=tag(log,interval(0,1e-1)): a logarithm needs values "
    "above 0; type 'optimizer.lr=tag(log,interval(1e-05,0.1))'",
    "'optimizer.weight_decay=tag(log,interval(-1,0))'": "optimizer.weight_decay=tag(log,interval(-1,0)): a logarithm "
    "needs values above 0; type 'optimizer.weight_decay=interval(-1,0)'",
    "'optimizer.lr=interval(0,1)'": "optimizer.lr=0: must be a number, above 0; type optimizer.lr=0.001",
    "'optimizer.lr=tag(lg,interval(1e-5,1))'": "optimizer.lr=tag(lg,interval(1e-5,1)): no such tag lg; "
    "type tag(log,...), or leave the tag out",
    "'optimizer.lr=tag(log,choice(1e-3,1e-2))'": "optimizer.lr=tag(log,choice(1e-3,1e-2)): choices have no logarithm; "
    "type 'optimizer.lr=choice(0.001,0.01)'",
    "'model.num_layers=range(5,1)'": "model.num_layers=range(5,1): has no values; type 'model.num_layers=range(1,5,1)'",
    "'model.num_layers=range(1,5,0)'": "model.num_layers=range(1,5,0): goes no step; "
    "type 'model.num_layers=range(1,5)'",
    "'model.hidden_size=tag(log,range(8,64,8))'": "model.hidden_size=tag(log,range(8,64,8)): a logarithm has no steps; "
    "type 'model.hidden_size=tag(log,int(interval(8,56)))'",
    "'model.hidden_size=interval(8,64)'": "model.hidden_size=interval(8,64): takes whole numbers; "
    "type 'model.hidden_size=int(interval(8,64))'",
    "model.num_layers=1,2,0": "model.num_layers=0: must be a whole number, 1 or more; type model.num_layers=3",
    "'optimizer.momentum=interval(0,0.9)'": "optimizer.momentum=0: no such key as things are chosen; "
    "type one of optimizer=rmsprop, optimizer=sgd and optimizer.momentum=0",
    "optimizer=rmsprop,adam 'optimizer.momentum=interval(0,0.9)'": "optimizer.momentum=0: no such key as things are "
    "chosen; type one of optimizer=rmsprop, optimizer=sgd and optimizer.momentum=0",
    f"{LR} {SWEEPER}.n_trials=0": f"{SWEEPER}.n_trials=0: must be a whole number, 1 or more; "
    f"type {SWEEPER}.n_trials=20",
    f"{LR} {SWEEPER}.n_trial=9": f"{SWEEPER}.n_trial=9: no such key; type {SWEEPER}.n_trials=9",
    f"{LR} {SWEEPER}.n_jobs=0": f"{SWEEPER}.n_jobs=0: must be a whole number, 1 or more, or null; "
    f"type {SWEEPER}.n_jobs=null",
    f"{LR} {SWEEPER}.metric=test/accuracy": f"{SWEEPER}.metric=test/accuracy: the test part judges what was found, it "
    f"must not choose it; type {SWEEPER}.metric=val/accuracy {SWEEPER}.direction=max",
    f"{LR} {SWEEPER}.metric=val/acuracy": f"{SWEEPER}.metric=val/acuracy: must be val/loss, val/accuracy, "
    f"val/macro_f1, train/loss, train/accuracy or train/macro_f1; "
    f"type {SWEEPER}.metric=val/accuracy {SWEEPER}.direction=max",
    f"{LR} {SWEEPER}.direction=max": f"{SWEEPER}.direction=max: finds the worst by val/loss; "
    f"type {SWEEPER}.direction=min",
    f"{LR} {SWEEPER}.sampler=tpee": f"{SWEEPER}.sampler=tpee: must be tpe, random or gp; type {SWEEPER}.sampler=tpe",
    f"{LR} {SWEEPER}.pruner=medium": f"{SWEEPER}.pruner=medium: must be median, hyperband or none; "
    f"type {SWEEPER}.pruner=median",
    f"{LR} {SWEEPER}.warmup_epochs=0": f"{SWEEPER}.warmup_epochs=0: must be a whole number, 1 or more; "
    f"type {SWEEPER}.warmup_epochs=3",
    f"{LR} experiment=paper": f"{SWEEPER}.metric=val/loss: there is no validation part; "
    "type datamodule.split.val_fraction=0.15 test_curve=false",
    "model=svm model.C=1,2": f"{SWEEPER}.metric=val/loss: model=svm has no loss; "
    f"type {SWEEPER}.metric=val/accuracy {SWEEPER}.direction=max",
    f"{LR} hydra/launcher=basic": "hydra/launcher=basic: tracks no search; type hydra/launcher=local",
    f"{LR} sweep.skip_impossible=true": "sweep.skip_impossible=true: a search leaves nothing of its space out; "
    "type sweep.skip_impossible=false",
}
