// model/json_fields.h
// Reading a checkpoint's JSON files: parsing that survives any bytes, and getters whose errors name the key. Every error
// here is DATA_LOSS: a file that does not say what it must is damaged. What a value means is the caller's business.
#ifndef ASSAY_MODEL_JSON_FIELDS_H_
#define ASSAY_MODEL_JSON_FIELDS_H_

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace assay {

using Json = nlohmann::json;

// The document in `text`; `name` is the file's name, for errors. A key given twice has its last value.
//   DATA_LOSS  not JSON, not UTF-8, or nested deeper than 64.
absl::StatusOr<Json> ParseJson(absl::string_view text, absl::string_view name);

// One object of a document and its place in it. A key whose value is null counts as absent, as it does for the
// libraries that write these files. Borrows the document, which must outlive it.
class JsonFields {
 public:
  //   DATA_LOSS  `value` is no object.
  static absl::StatusOr<JsonFields> Of(const Json& value, std::string path);

  // "model.vocab" for "vocab" in the object at "model".
  std::string PathOf(absl::string_view key) const;

  // Null where the key is absent or its value is null.
  const Json* Find(absl::string_view key) const;
  bool Has(absl::string_view key) const { return Find(key) != nullptr; }

  // Required keys.
  //   DATA_LOSS  absent, of another type, or outside min..max.
  absl::StatusOr<const Json*> Required(absl::string_view key) const;
  absl::StatusOr<int64_t> Integer(absl::string_view key, int64_t min, int64_t max) const;
  absl::StatusOr<double> Number(absl::string_view key, double min, double max) const;
  absl::StatusOr<std::string> String(absl::string_view key) const;
  absl::StatusOr<bool> Bool(absl::string_view key) const;
  absl::StatusOr<JsonFields> Object(absl::string_view key) const;
  absl::StatusOr<const Json*> Array(absl::string_view key) const;

  // Optional keys: `fallback` where absent.
  //   DATA_LOSS  there, but of another type or outside min..max.
  absl::StatusOr<int64_t> IntegerOr(absl::string_view key, int64_t fallback, int64_t min,
                                    int64_t max) const;
  absl::StatusOr<double> NumberOr(absl::string_view key, double fallback, double min,
                                  double max) const;
  absl::StatusOr<bool> BoolOr(absl::string_view key, bool fallback) const;

 private:
  JsonFields(const Json& object, std::string path) : object_(&object), path_(std::move(path)) {}

  absl::Status WrongType(absl::string_view key, absl::string_view expected) const;

  const Json* object_;  // Never null.
  std::string path_;    // Empty at the root.
};

// The integer in `value`, an element of an array say; `path` names it.
//   DATA_LOSS  no integer, or outside min..max.
absl::StatusOr<int64_t> ToInteger(const Json& value, const std::string& path, int64_t min,
                                  int64_t max);

}  // namespace assay

#endif  // ASSAY_MODEL_JSON_FIELDS_H_
