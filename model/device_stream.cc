#include "model/device_stream.h"

#include <c10/core/impl/VirtualGuardImpl.h>

namespace assay {
namespace {

c10::impl::VirtualGuardImpl InterfaceOf(c10::Device device) {
  return c10::impl::VirtualGuardImpl(device.type());
}

std::optional<c10::Stream> NewStream(c10::Device device) {
  if (!device.is_cuda()) return std::nullopt;
  return InterfaceOf(device).getStreamFromGlobalPool(device);
}

}  // namespace

DeviceStream::DeviceStream(c10::Device device) : stream_(NewStream(device)) {}

StreamScope::StreamScope(const DeviceStream& stream) {
  if (stream.stream().has_value()) guard_.emplace(*stream.stream());
}

void SynchronizeDevice(c10::Device device) {
  if (device.is_cuda()) InterfaceOf(device).synchronizeDevice(device.index());
}

void* CurrentCudaStream(c10::Device device) {
  const c10::impl::VirtualGuardImpl interface = InterfaceOf(device);
  return interface.getStreamNativeHandle(interface.getStream(device));
}

}  // namespace assay
