import { bootMenuFeature, bootMenuShape } from "./boot-menu.js";
import { channelsFeature, channelsShape } from "./channels.js";
import { clockFeature, clockShape } from "./clock.js";
import { cpuFeature, cpuShape } from "./cpu.js";
import { cpuTuneFeature, cpuTuneShape } from "./cpu-tune.js";
import { cpusFeature, cpusShape } from "./cpus.js";
import type { MachineFeature } from "./feature.js";
import { filesystemsFeature, filesystemsShape } from "./filesystems.js";
import { firmwareFeature, firmwareShape } from "./firmware.js";
import { graphicsFeature, graphicsShape } from "./graphics.js";
import { hostDevicesFeature, hostDevicesShape } from "./host-devices.js";
import { inputDevicesFeature, inputDevicesShape } from "./input-devices.js";
import { lifecycleActionsFeature, lifecycleActionsShape } from "./lifecycle-actions.js";
import { machineFeaturesFeature, machineFeaturesShape } from "./machine-features.js";
import { memoryFeature, memoryShape } from "./memory.js";
import { memoryBackingFeature, memoryBackingShape } from "./memory-backing.js";
import { numaFeature, numaShape } from "./numa.js";
import { osFeature, osShape } from "./os.js";
import { rngFeature, rngShape } from "./rng.js";
import { seedFeature, seedShape } from "./seed.js";
import { serialPortsFeature, serialPortsShape } from "./serial-ports.js";
import { soundFeature, soundShape } from "./sound.js";
import { titleFeature, titleShape } from "./title.js";
import { tpmFeature, tpmShape } from "./tpm.js";
import { videoFeature, videoShape } from "./video.js";
import { watchdogFeature, watchdogShape } from "./watchdog.js";
import { xmlPatchesFeature, xmlPatchesShape } from "./xml-patches.js";

/** The inputs of all features. */
export const featureShapes = {
  ...cpusShape,
  ...memoryShape,
  ...cpuShape,
  ...numaShape,
  ...cpuTuneShape,
  ...memoryBackingShape,
  ...titleShape,
  ...osShape,
  ...firmwareShape,
  ...machineFeaturesShape,
  ...clockShape,
  ...tpmShape,
  ...graphicsShape,
  ...videoShape,
  ...soundShape,
  ...inputDevicesShape,
  ...serialPortsShape,
  ...watchdogShape,
  ...lifecycleActionsShape,
  ...seedShape,
  ...rngShape,
  ...hostDevicesShape,
  ...channelsShape,
  ...bootMenuShape,
  ...filesystemsShape,
  ...xmlPatchesShape,
};

/** In the order in which they set the model: what is later may depend on what is earlier. */
export const features: readonly MachineFeature[] = [
  cpusFeature,
  memoryFeature,
  cpuFeature,
  numaFeature,
  cpuTuneFeature,
  memoryBackingFeature,
  titleFeature,
  osFeature,
  firmwareFeature,
  machineFeaturesFeature,
  clockFeature,
  tpmFeature,
  graphicsFeature,
  videoFeature,
  soundFeature,
  inputDevicesFeature,
  serialPortsFeature,
  watchdogFeature,
  lifecycleActionsFeature,
  seedFeature,
  rngFeature,
  hostDevicesFeature,
  channelsFeature,
  bootMenuFeature,
  filesystemsFeature,
  xmlPatchesFeature,
];
