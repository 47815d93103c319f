#include "model/forward_row.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "nlohmann/json.hpp"

namespace assay {
namespace {

using Json = nlohmann::json;

absl::Status RowError(absl::string_view what) { return absl::InvalidArgumentError(what); }

absl::StatusOr<std::string> TextOf(const Json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_string()) {
    return RowError(absl::StrCat("\"", key, "\" is not there as a string"));
  }
  return it->get<std::string>();
}

absl::StatusOr<std::vector<Message>> MessagesOf(const Json& value, const char* key) {
  if (!value.is_array() || value.empty()) {
    return RowError(absl::StrCat("\"", key, "\" is not a list of messages"));
  }
  std::vector<Message> messages;
  for (const Json& item : value) {
    if (!item.is_object()) return RowError(absl::StrCat("\"", key, "\" is not a list of messages"));
    ASSAY_ASSIGN_OR_RETURN(std::string role, TextOf(item, "role"));
    ASSAY_ASSIGN_OR_RETURN(std::string content, TextOf(item, "content"));
    messages.push_back({std::move(role), std::move(content)});
  }
  return messages;
}

absl::StatusOr<ForwardRow> RowOfIds(const Json& value) {
  ForwardRow row;
  if (!value.is_array() || value.empty()) return RowError("\"input_ids\" is not a list of ids");
  for (const Json& id : value) {
    const bool fits = id.is_number_integer() && id.get<int64_t>() >= 0 &&
                      id.get<int64_t>() <= std::numeric_limits<TokenId>::max();
    if (!fits) return RowError("\"input_ids\" is not a list of ids");
    row.input_ids.push_back(id.get<TokenId>());
  }
  return row;
}

absl::StatusOr<ForwardRow> RowOfMessages(const Json& value) {
  ForwardRow row;
  ASSAY_ASSIGN_OR_RETURN(row.prompt, MessagesOf(value, "messages"));
  if (row.prompt.size() < 2 || row.prompt.back().role != "assistant") {
    return RowError("\"messages\" does not end with an assistant's answer to something");
  }
  row.responses.push_back(std::move(row.prompt.back().content));
  row.prompt.pop_back();
  return row;
}

absl::StatusOr<ForwardRow> RowOfPrompt(const Json& object) {
  ForwardRow row;
  if (object["prompt"].is_string()) {
    row.prompt = {{"user", object["prompt"].get<std::string>()}};
  } else {
    ASSAY_ASSIGN_OR_RETURN(row.prompt, MessagesOf(object["prompt"], "prompt"));
  }
  if (!object.contains("responses")) {
    for (const char* key : {"chosen", "rejected"}) {
      ASSAY_ASSIGN_OR_RETURN(row.responses.emplace_back(), TextOf(object, key));
    }
    return row;
  }
  const Json& responses = object["responses"];
  const bool texts = responses.is_array() && !responses.empty() &&
                     std::all_of(responses.begin(), responses.end(),
                                 [](const Json& item) { return item.is_string(); });
  if (!texts) return RowError("\"responses\" is not a list of strings");
  row.responses = responses.get<std::vector<std::string>>();
  return row;
}

}  // namespace

absl::StatusOr<ForwardRow> ParseForwardRow(absl::string_view line) {
  const Json json = Json::parse(line.begin(), line.end(), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return RowError("not a JSON object");
  if (json.contains("input_ids")) return RowOfIds(json["input_ids"]);
  if (json.contains("messages")) return RowOfMessages(json["messages"]);
  if (json.contains("prompt")) return RowOfPrompt(json);
  return RowError("none of \"input_ids\", \"messages\", \"prompt\"");
}

absl::StatusOr<PromptGroup> GroupOfIds(const TokenIds& ids, const TokenIds& gate_pattern) {
  int64_t gate_at = -1;
  if (!gate_pattern.empty()) {
    const auto found =
        std::find_end(ids.begin(), ids.end(), gate_pattern.begin(), gate_pattern.end());
    if (found == ids.end()) return RowError("the gate pattern does not occur in \"input_ids\"");
    gate_at = std::distance(ids.begin(), found);
  }
  return PromptGroup{.prefix = {}, .responses = {{.tokens = ids, .gate_at = gate_at}}};
}

}  // namespace assay
