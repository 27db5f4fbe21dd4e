# A minute of a rat in a box of 1 m with six neurons, as positions and spikes are found in NWB and .mat files, and states of no shape.
import h5py, numpy as np, scipy.io

random = np.random.default_rng(1)
times = np.arange(3000) / 50
path = 0.49 * np.column_stack([np.sin(0.61 * times), np.sin(0.43 * times + 1 + 0.002 * times**2)])
spikes = [np.sort(60 * random.random(100 + 20 * u)) for u in range(6)]

with h5py.File("session.nwb", "w") as f:
    space = f.create_group("processing/behavior/Position/SpatialSeries")
    space["data"], space["timestamps"] = 100 * path, times
    space["data"].attrs["conversion"] = 0.01  # centimetres to metres
    f["units/id"] = np.arange(6)
    f["units/spike_times"] = np.concatenate(spikes)
    f["units/spike_times_index"] = np.cumsum([len(s) for s in spikes])

cells = np.empty(6, dtype=object)
cells[:] = spikes
scipy.io.savemat("session.mat", {"post": times, "posx": 100 * path[:, 0], "posy": 100 * path[:, 1], "cells": cells})

# What pynapple's TsdFrame.save and TsGroup.save write.
ends = {"start": [0.0], "end": [60.0]}
np.savez("position.npz", t=times, d=path, columns=["x", "y"], type=np.array(["TsdFrame"]), **ends)
order = np.argsort(np.concatenate(spikes))
np.savez("units.npz", t=np.concatenate(spikes)[order], index=np.repeat(np.arange(6), [len(s) for s in spikes])[order],
         keys=np.arange(6), type=np.array(["TsGroup"]), **ends)
np.save("maps.npy", random.random((3, 20, 20)))
np.save("states.npy", random.random((600, 4)))
