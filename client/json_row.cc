#include "client/json_row.h"

#include <charconv>
#include <iterator>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/field_error.h"

namespace assay::client {
namespace {

// Writing a value back takes stack for each level.
constexpr int kMaxDepth = 100;

bool IsNestedTooDeeply(const std::string& text) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

absl::StatusOr<std::string> TextOf(const Json& object, const std::string& key,
                                   const std::string& field) {
  const auto it = object.find(key);
  if (it == object.end()) return FieldError(field, "is missing");
  if (!it->is_string()) return FieldError(field, "is not text");
  return it->get<std::string>();
}

bool IsKnownRole(const std::string& role) {
  return role == "system" || role == "user" || role == "assistant";
}

}  // namespace

absl::StatusOr<Json> ParseJsonObject(const std::string& line) {
  if (IsNestedTooDeeply(line)) {
    return absl::InvalidArgumentError(absl::StrCat("nested deeper than ", kMaxDepth, " levels"));
  }
  Json row;
  try {
    row = Json::parse(line);
  } catch (const Json::parse_error& error) {
    return absl::InvalidArgumentError(absl::StrCat("not JSON: byte ", error.byte));
  } catch (const Json::exception&) {
    return absl::InvalidArgumentError("not JSON: a number out of range");
  }
  if (!row.is_object()) return absl::InvalidArgumentError("not a JSON object");
  return row;
}

absl::StatusOr<std::string> StringField(const Json& row, const std::string& name) {
  return TextOf(row, name, name);
}

absl::StatusOr<std::vector<Message>> MessagesField(const Json& row, const std::string& name) {
  const auto it = row.find(name);
  if (it == row.end()) return FieldError(name, "is missing");
  if (!it->is_array() || it->empty()) return FieldError(name, "is not a list of messages");
  std::vector<Message> messages;
  for (size_t i = 0; i < it->size(); ++i) {
    const std::string field = absl::StrCat(name, "[", i, "]");
    const Json& turn = (*it)[i];
    if (!turn.is_object()) return FieldError(field, "is not an object with role and content");
    Message& message = messages.emplace_back();
    ASSAY_ASSIGN_OR_RETURN(message.role, TextOf(turn, "role", absl::StrCat(field, ".role")));
    ASSAY_ASSIGN_OR_RETURN(message.content,
                           TextOf(turn, "content", absl::StrCat(field, ".content")));
    if (!IsKnownRole(message.role)) {
      return FieldError(absl::StrCat(field, ".role"), "is none of system, user and assistant");
    }
  }
  return messages;
}

absl::StatusOr<std::vector<Message>> PromptField(const Json& row) {
  const auto it = row.find("prompt");
  if (it == row.end()) return FieldError("prompt", "is missing");
  if (it->is_string()) return std::vector<Message>{{"user", it->get<std::string>()}};
  if (!it->is_array()) return FieldError("prompt", "is neither text nor a list of messages");
  return MessagesField(row, "prompt");
}

std::string DumpLine(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json JsonNumber(float value) {
  char text[32];
  const std::to_chars_result end = std::to_chars(std::begin(text), std::end(text), value);
  double shortest = value;
  std::from_chars(text, end.ptr, shortest);
  return shortest;
}

Json JsonNumbers(const std::vector<float>& values) {
  Json list = Json::array();
  for (const float value : values) list.push_back(JsonNumber(value));
  return list;
}

Json JsonError(const absl::Status& status) {
  return {{"code", absl::StatusCodeToString(status.code())},
          {"message", std::string(status.message())}};
}

}  // namespace assay::client
