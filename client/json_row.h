// client/json_row.h
// One line of a JSON lines file: parsed, its fields read by name, and written back. Pure functions.
// Errors are
// INVALID_ARGUMENT, name the field, and never hold a text of the row.
#ifndef ASSAY_CLIENT_JSON_ROW_H_
#define ASSAY_CLIENT_JSON_ROW_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/types.h"

namespace assay::client {

// Keeps the order of fields. Integers keep 64 bits; a larger one becomes a double.
using Json = nlohmann::ordered_json;

// The object in `line`. Errors: not JSON (by the byte where it stops being so), not an object,
// nested deeper than 100 levels.
absl::StatusOr<Json> ParseJsonObject(const std::string& line);

// Field `name` of `row`, which must be there and be text.
absl::StatusOr<std::string> StringField(const Json& row, const std::string& name);

// Field `name`: a list of at least one {"role": "system" | "user" | "assistant", "content": text};
// other keys of a turn are left alone.
absl::StatusOr<std::vector<Message>> MessagesField(const Json& row, const std::string& name);

// Field "prompt": text (one user turn), or a list as for MessagesField().
absl::StatusOr<std::vector<Message>> PromptField(const Json& row);

// `json` on one line. Bytes that are not UTF-8 (a foreign error message may hold some) become
// U+FFFD.
std::string DumpLine(const Json& json);

// The shortest decimal that reads back as `value`: 0.1, not 0.10000000149011612.
Json JsonNumber(float value);
Json JsonNumbers(const std::vector<float>& values);

// {"code": "INVALID_ARGUMENT", "message": ...}.
Json JsonError(const absl::Status& status);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_JSON_ROW_H_
