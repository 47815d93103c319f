// client/checkpoint.h
// What a checkpoint beside an output says, as text and as a value. Pure functions; where it lies and
// when it is written is resumable_output.h's business.
#ifndef ASSAY_CLIENT_CHECKPOINT_H_
#define ASSAY_CLIENT_CHECKPOINT_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "client/json_row.h"
#include "client/row_sink.h"

namespace assay::client {

struct Checkpoint {
  Json identity = Json::object();  // Whose output it is.
  RowCounts counts = {};           // Of the rows that are good.
  int64_t bytes = 0;               // Their size in the output.
};

// One JSON object, with a line end.
std::string RenderCheckpoint(const Checkpoint& checkpoint);

// DATA_LOSS, naming the field: no text of RenderCheckpoint().
absl::StatusOr<Checkpoint> ParseCheckpoint(const std::string& text);

// OK where `here` equals `there`, the identity in a checkpoint; else FAILED_PRECONDITION with the
// first key in which they differ, and both its values.
absl::Status SameIdentity(const Json& here, const Json& there);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_CHECKPOINT_H_
