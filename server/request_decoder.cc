#include "server/request_decoder.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"

namespace assay {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::io::CodedInputStream;

constexpr size_t kMaxRequestIdBytes = 128;  // As reward.proto says.

// The wire format's types; https://protobuf.dev/programming-guides/encoding.
enum WireType { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

// One field as it stands on the wire.
struct WireField {
  int number;
  int wire_type;
  absl::string_view payload;  // Of kBytes only.
};

// Reads a message's fields one after another, without a schema.
class WireReader {
 public:
  explicit WireReader(absl::string_view bytes)
      : bytes_(bytes),
        stream_(reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int>(bytes.size())) {}

  // The next field, its value read over; nullopt at the end.
  //   INVALID_ARGUMENT  the bytes make no sense; field_number() is what they began with, 0 where
  //                     even that fails.
  absl::StatusOr<std::optional<WireField>> Next() {
    number_ = 0;
    if (stream_.CurrentPosition() == static_cast<int>(bytes_.size())) return std::nullopt;
    uint32_t tag;
    if (!stream_.ReadVarint32(&tag) || (tag >> 3) == 0) {
      return absl::InvalidArgumentError("the bytes make no sense");
    }
    number_ = static_cast<int>(tag >> 3);
    WireField field{.number = number_, .wire_type = static_cast<int>(tag & 7), .payload = {}};
    if (!ReadValue(&field))
      return absl::InvalidArgumentError("the bytes end early or make no sense");
    return field;
  }

  int field_number() const { return number_; }

 private:
  bool ReadValue(WireField* field) {
    uint64_t varint;
    switch (field->wire_type) {
      case kVarint:
        return stream_.ReadVarint64(&varint);
      case kFixed64:
        return stream_.Skip(8);
      case kFixed32:
        return stream_.Skip(4);
      case kBytes: {
        if (!stream_.ReadVarint64(&varint)) return false;
        const size_t at = stream_.CurrentPosition();
        if (varint > bytes_.size() - at) return false;
        field->payload = bytes_.substr(at, varint);
        return stream_.Skip(static_cast<int>(varint));
      }
      default:  // Groups are no part of proto3.
        return false;
    }
  }

  const absl::string_view bytes_;
  CodedInputStream stream_;
  int number_ = 0;
};

int WireTypeOf(const FieldDescriptor& field) {
  switch (field.type()) {
    case FieldDescriptor::TYPE_STRING:
    case FieldDescriptor::TYPE_BYTES:
    case FieldDescriptor::TYPE_MESSAGE:
      return kBytes;
    case FieldDescriptor::TYPE_DOUBLE:
    case FieldDescriptor::TYPE_FIXED64:
    case FieldDescriptor::TYPE_SFIXED64:
      return kFixed64;
    case FieldDescriptor::TYPE_FLOAT:
    case FieldDescriptor::TYPE_FIXED32:
    case FieldDescriptor::TYPE_SFIXED32:
      return kFixed32;
    default:
      return kVarint;
  }
}

// Refuses whatever protobuf's parser would refuse without a name, or keep without a word. `path` is
// the message's own, empty or ending in a dot. Recursion ends with the schema, which is not
// recursive.
absl::Status CheckForm(const Descriptor& type, absl::string_view bytes, const std::string& path) {
  std::map<int, int> seen;  // Of a repeated field: how many elements came before.
  const auto name_of = [&](const FieldDescriptor& field) {
    std::string name = absl::StrCat(path, field.name());
    if (field.is_repeated()) absl::StrAppend(&name, "[", seen[field.number()], "]");
    return name;
  };
  const auto name_of_number = [&](int number) {
    const FieldDescriptor* field = type.FindFieldByNumber(number);
    if (field != nullptr) return name_of(*field);
    return number == 0 ? absl::StrCat(path, "message") : absl::StrCat(path, "field ", number);
  };

  WireReader reader(bytes);
  while (true) {
    absl::StatusOr<std::optional<WireField>> next = reader.Next();
    if (!next.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(name_of_number(reader.field_number()), ": ", next.status().message()));
    }
    if (!next->has_value()) return absl::OkStatus();
    const WireField& wire = **next;
    const FieldDescriptor* field = type.FindFieldByNumber(wire.number);
    if (field == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat(name_of_number(wire.number), ": unknown to this server"));
    }
    const std::string name = name_of(*field);
    if (wire.wire_type != WireTypeOf(*field)) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, ": has wire type ", wire.wire_type, ", must be ", WireTypeOf(*field)));
    }
    if (field->type() == FieldDescriptor::TYPE_STRING) {
      if (const size_t bad = FindInvalidUtf8(wire.payload); bad != absl::string_view::npos) {
        return absl::InvalidArgumentError(absl::StrCat(name, ": not UTF-8 at byte ", bad));
      }
    }
    if (field->type() == FieldDescriptor::TYPE_MESSAGE) {
      ASSAY_RETURN_IF_ERROR(
          CheckForm(*field->message_type(), wire.payload, absl::StrCat(name, ".")));
    }
    ++seen[wire.number];
  }
}

template <typename T>
absl::StatusOr<T> Decode(absl::string_view bytes) {
  ASSAY_RETURN_IF_ERROR(CheckForm(*T::descriptor(), bytes, ""));
  T message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::InvalidArgumentError(
        absl::StrCat("message: the bytes are no ", T::descriptor()->full_name()));
  }
  return message;
}

// The id that a stream's message has, whatever is wrong with the rest; empty where it cannot be
// read or echoed.
std::string FindRequestId(absl::string_view bytes) {
  std::string id;
  WireReader reader(bytes);
  while (true) {
    absl::StatusOr<std::optional<WireField>> next = reader.Next();
    if (!next.ok() || !next->has_value()) break;
    const WireField& field = **next;
    if (field.number == v1::ScoreStreamRequest::kRequestIdFieldNumber &&
        field.wire_type == kBytes) {
      id = std::string(field.payload);
    }
  }
  if (id.size() > kMaxRequestIdBytes || FindInvalidUtf8(id) != std::string::npos) return "";
  return id;
}

absl::StatusOr<v1::ScoreRequest> DecodeStreamed(absl::string_view bytes) {
  ASSAY_ASSIGN_OR_RETURN(v1::ScoreStreamRequest message, Decode<v1::ScoreStreamRequest>(bytes));
  const size_t id_bytes = message.request_id().size();
  if (id_bytes == 0) return absl::InvalidArgumentError("request_id: empty");
  if (id_bytes > kMaxRequestIdBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("request_id: ", id_bytes, " bytes; at most ", kMaxRequestIdBytes));
  }
  if (!message.has_request()) return absl::InvalidArgumentError("request: missing");
  return std::move(*message.mutable_request());
}

}  // namespace

absl::StatusOr<v1::ScoreRequest> DecodeScoreRequest(absl::string_view bytes) {
  return Decode<v1::ScoreRequest>(bytes);
}

DecodedStreamRequest DecodeScoreStreamRequest(absl::string_view bytes) {
  return {.request_id = FindRequestId(bytes), .request = DecodeStreamed(bytes)};
}

}  // namespace assay
