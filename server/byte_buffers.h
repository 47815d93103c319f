// server/byte_buffers.h
// gRPC's message bytes to and from what the rest of server/ speaks. Header-only; pure functions.
#ifndef ASSAY_SERVER_BYTE_BUFFERS_H_
#define ASSAY_SERVER_BYTE_BUFFERS_H_

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include "absl/strings/string_view.h"

namespace assay {

// All of `buffer` in one piece; a copy only where it arrived in several. Empty where it cannot be
// decompressed.
inline grpc::Slice ToSlice(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  return buffer.DumpToSingleSlice(&slice).ok() ? slice : grpc::Slice();
}

// Valid as long as `slice`.
inline absl::string_view ViewOf(const grpc::Slice& slice) {
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

inline grpc::ByteBuffer ToByteBuffer(const google::protobuf::MessageLite& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace assay

#endif  // ASSAY_SERVER_BYTE_BUFFERS_H_
