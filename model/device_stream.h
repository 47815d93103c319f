// model/device_stream.h
// The order of work on a device: one stream for each worker, so that workers on one device do not wait for each other's
// batches, and the memory of one is not handed to the other while it is in use. Speaks to the device through torch's own
// interface, so that a program without CUDA builds and runs; on other devices everything here does nothing.
#ifndef ASSAY_MODEL_DEVICE_STREAM_H_
#define ASSAY_MODEL_DEVICE_STREAM_H_

#include <c10/core/Device.h>
#include <c10/core/Stream.h>
#include <c10/core/StreamGuard.h>

#include <optional>

namespace assay {

// A stream of its own on a device. Const after construction.
class DeviceStream {
 public:
  // Throws what torch throws where the device is not there.
  explicit DeviceStream(c10::Device device);

  // None but for CUDA.
  const std::optional<c10::Stream>& stream() const { return stream_; }

 private:
  const std::optional<c10::Stream> stream_;
};

// While it lives, this thread's work on the stream's device goes to the stream, and that device is the current one.
class StreamScope {
 public:
  explicit StreamScope(const DeviceStream& stream);

 private:
  std::optional<c10::StreamGuard> guard_;
};

// Waits until all work given to the device has ended.
void SynchronizeDevice(c10::Device device);

// This thread's stream of the device, as CUDA knows it (cudaStream_t). Requires a CUDA device.
void* CurrentCudaStream(c10::Device device);

}  // namespace assay

#endif  // ASSAY_MODEL_DEVICE_STREAM_H_
