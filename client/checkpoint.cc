#include "client/checkpoint.h"

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay::client {
namespace {

constexpr char kFormat[] = "assay-checkpoint-1";

absl::Status Damaged(const char* what) {
  return absl::DataLossError(absl::StrCat("is no checkpoint: ", what));
}

absl::StatusOr<int64_t> CountField(const Json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_number_integer() || it->get<int64_t>() < 0) {
    return Damaged(key);
  }
  return it->get<int64_t>();
}

std::string Shown(const Json& identity, const std::string& key) {
  const auto it = identity.find(key);
  return it == identity.end() ? "not set" : DumpLine(*it);
}

}  // namespace

std::string RenderCheckpoint(const Checkpoint& checkpoint) {
  const RowCounts& counts = checkpoint.counts;
  return DumpLine(Json{{"format", kFormat},
                       {"identity", checkpoint.identity},
                       {"rows", counts.rows},
                       {"bytes", checkpoint.bytes},
                       {"counts",
                        {{"errors", counts.errors},
                         {"responses", counts.responses},
                         {"tokens", counts.tokens},
                         {"replaced", counts.replaced}}}}) +
         "\n";
}

absl::StatusOr<Checkpoint> ParseCheckpoint(const std::string& text) {
  const absl::StatusOr<Json> object = ParseJsonObject(text);
  if (!object.ok()) return Damaged("it holds no JSON object");
  if (object->value("format", Json()) != kFormat) return Damaged("format");
  const auto identity = object->find("identity");
  if (identity == object->end() || !identity->is_object()) return Damaged("identity");
  const auto counts = object->find("counts");
  if (counts == object->end() || !counts->is_object()) return Damaged("counts");
  Checkpoint checkpoint = {.identity = *identity};
  ASSAY_ASSIGN_OR_RETURN(checkpoint.counts.rows, CountField(*object, "rows"));
  ASSAY_ASSIGN_OR_RETURN(checkpoint.bytes, CountField(*object, "bytes"));
  ASSAY_ASSIGN_OR_RETURN(checkpoint.counts.errors, CountField(*counts, "errors"));
  ASSAY_ASSIGN_OR_RETURN(checkpoint.counts.responses, CountField(*counts, "responses"));
  ASSAY_ASSIGN_OR_RETURN(checkpoint.counts.tokens, CountField(*counts, "tokens"));
  ASSAY_ASSIGN_OR_RETURN(checkpoint.counts.replaced, CountField(*counts, "replaced"));
  return checkpoint;
}

absl::Status SameIdentity(const Json& here, const Json& there) {
  for (const Json* keys : {&here, &there}) {
    for (const auto& item : keys->items()) {
      const std::string& key = item.key();
      if (here.contains(key) && there.contains(key) && here.at(key) == there.at(key)) continue;
      return absl::FailedPreconditionError(absl::StrCat("is of another run: ", key, " is ",
                                                        Shown(there, key), " there and ",
                                                        Shown(here, key), " here"));
    }
  }
  return absl::OkStatus();
}

}  // namespace assay::client
