// The text half alone, for comparing it with the reference: see tests/parity/.
//
//   assay_tokenize ids FOLDER             {"text": "..."}             -> the ids of the text
//   assay_tokenize pieces FOLDER          {"text": "..."}             -> its pieces, as the pre-tokenizer cuts all of it
//   assay_tokenize conversations FOLDER   {"messages": [...]}         -> the ids of the conversation
//   assay_tokenize render                 {"template", "bos", "messages"} -> its text; null for an unknown template
//   assay_tokenize time FOLDER            {"text": "..."}             -> for all lines: {"texts", "bytes", "ids", "seconds"}
//
// Reads JSON lines, writes one line of JSON for each; `time` writes one for all, and its seconds are those of encoding alone,
// one text after the other. FOLDER is a checkpoint's; `ids`, `pieces` and `time` need its tokenizer.json only.
// Exit codes: 0 all done; 1 a file or a line could not be used.
#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "model/chat_template.h"
#include "model/checkpoint_encoder.h"
#include "model/json_fields.h"
#include "model/mapped_file.h"
#include "model/pre_tokenizer.h"
#include "model/tokenizer.h"

namespace assay {
namespace {

using Convert = std::function<absl::StatusOr<Json>(const JsonFields& line)>;

struct Turns {
  std::vector<Message> prompt;
  std::string response;
};

absl::StatusOr<Turns> ReadTurns(const JsonFields& line) {
  ASSAY_ASSIGN_OR_RETURN(const Json* messages, line.Array("messages"));
  Turns turns;
  for (size_t i = 0; i < messages->size(); ++i) {
    ASSAY_ASSIGN_OR_RETURN(const JsonFields message, JsonFields::Of((*messages)[i], "message"));
    ASSAY_ASSIGN_OR_RETURN(std::string role, message.String("role"));
    ASSAY_ASSIGN_OR_RETURN(std::string content, message.String("content"));
    if (i + 1 < messages->size()) {
      turns.prompt.push_back({std::move(role), std::move(content)});
    } else {
      turns.response = std::move(content);
    }
  }
  return turns;
}

absl::StatusOr<std::shared_ptr<const Tokenizer>> OpenTokenizer(const std::string& folder) {
  ASSAY_ASSIGN_OR_RETURN(const auto file, MappedFile::Open(folder + "/tokenizer.json"));
  return Tokenizer::Create(file->bytes());
}

absl::StatusOr<Convert> IdsOf(const std::string& folder) {
  ASSAY_ASSIGN_OR_RETURN(const auto tokenizer, OpenTokenizer(folder));
  return [tokenizer](const JsonFields& line) -> absl::StatusOr<Json> {
    ASSAY_ASSIGN_OR_RETURN(const std::string text, line.String("text"));
    ASSAY_ASSIGN_OR_RETURN(const TokenIds ids, tokenizer->Encode(text));
    return Json(ids);
  };
}

absl::StatusOr<Convert> PiecesOf(const std::string& folder) {
  ASSAY_ASSIGN_OR_RETURN(const auto file, MappedFile::Open(folder + "/tokenizer.json"));
  ASSAY_ASSIGN_OR_RETURN(const Json document, ParseJson(file->bytes(), "tokenizer.json"));
  ASSAY_ASSIGN_OR_RETURN(const JsonFields fields, JsonFields::Of(document, ""));
  ASSAY_ASSIGN_OR_RETURN(PreTokenizer created, PreTokenizer::Create(fields.Find("pre_tokenizer")));
  const auto splitter = std::make_shared<const PreTokenizer>(std::move(created));
  return [splitter](const JsonFields& line) -> absl::StatusOr<Json> {
    ASSAY_ASSIGN_OR_RETURN(const std::string text, line.String("text"));
    Pieces pieces;
    ASSAY_RETURN_IF_ERROR(splitter->Split(text, &pieces));
    Json list = Json::array();
    for (const absl::string_view piece : pieces.views) list.push_back(std::string(piece));
    return list;
  };
}

absl::StatusOr<Convert> ConversationsOf(const std::string& folder) {
  ModelConfig config{};
  config.max_positions = int64_t{1} << 30;
  ASSAY_ASSIGN_OR_RETURN(LoadedText loaded, LoadText(folder, config, {}));
  const std::shared_ptr<const ConversationEncoder> encoder = std::move(loaded.encoder);
  return [encoder](const JsonFields& line) -> absl::StatusOr<Json> {
    ASSAY_ASSIGN_OR_RETURN(const Turns turns, ReadTurns(line));
    // Twice the response, so that there is a prefix.
    ASSAY_ASSIGN_OR_RETURN(EncodedGroup encoded,
                           encoder->Encode(turns.prompt, {turns.response, turns.response}, {}));
    ASSAY_RETURN_IF_ERROR(encoded.slots[0].status());
    TokenIds ids = encoded.group.prefix;
    const TokenIds& own = encoded.group.responses[0].tokens;
    ids.insert(ids.end(), own.begin(), own.end());
    return Json(ids);
  };
}

absl::StatusOr<Json> Render(const JsonFields& line) {
  ASSAY_ASSIGN_OR_RETURN(const std::string jinja, line.String("template"));
  ASSAY_ASSIGN_OR_RETURN(const std::string bos, line.String("bos"));
  ASSAY_ASSIGN_OR_RETURN(const Turns turns, ReadTurns(line));
  const absl::StatusOr<ChatFormat> format = ChatTemplate::Recognize(jinja);
  if (!format.ok()) return Json(nullptr);
  const ChatTemplate chat_template(*format, bos);
  ASSAY_ASSIGN_OR_RETURN(const std::string prompt, chat_template.RenderPrompt(turns.prompt));
  return Json(prompt + chat_template.RenderResponse(turns.response));
}

absl::StatusOr<Convert> Choose(const std::vector<std::string>& args) {
  if (args.size() == 2 && args[0] == "ids") return IdsOf(args[1]);
  if (args.size() == 2 && args[0] == "pieces") return PiecesOf(args[1]);
  if (args.size() == 2 && args[0] == "conversations") return ConversationsOf(args[1]);
  if (args.size() == 1 && args[0] == "render") return Convert(Render);
  return absl::InvalidArgumentError(
      "usage: assay_tokenize ids|pieces|conversations|time FOLDER, or assay_tokenize render");
}

absl::Status ForEachLine(const std::function<absl::Status(const JsonFields& line)>& use) {
  std::string line;
  while (std::getline(std::cin, line)) {
    ASSAY_ASSIGN_OR_RETURN(const Json document, ParseJson(line, "input"));
    ASSAY_ASSIGN_OR_RETURN(const JsonFields fields, JsonFields::Of(document, ""));
    ASSAY_RETURN_IF_ERROR(use(fields));
  }
  return absl::OkStatus();
}

absl::Status ConvertLines(const Convert& convert) {
  return ForEachLine([&](const JsonFields& line) -> absl::Status {
    ASSAY_ASSIGN_OR_RETURN(const Json output, convert(line));
    std::cout << output.dump() << "\n";
    return absl::OkStatus();
  });
}

absl::Status Time(const std::string& folder) {
  ASSAY_ASSIGN_OR_RETURN(const auto tokenizer, OpenTokenizer(folder));
  std::vector<std::string> texts;
  size_t bytes = 0;
  ASSAY_RETURN_IF_ERROR(ForEachLine([&](const JsonFields& line) -> absl::Status {
    ASSAY_ASSIGN_OR_RETURN(texts.emplace_back(), line.String("text"));
    bytes += texts.back().size();
    return absl::OkStatus();
  }));
  size_t ids = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (const std::string& text : texts) {
    ASSAY_ASSIGN_OR_RETURN(const TokenIds encoded, tokenizer->Encode(text));
    ids += encoded.size();
  }
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
  const Json output = {
      {"texts", texts.size()}, {"bytes", bytes}, {"ids", ids}, {"seconds", spent.count()}};
  std::cout << output.dump() << "\n";
  return absl::OkStatus();
}

absl::Status Run(const std::vector<std::string>& args) {
  if (args.size() == 2 && args[0] == "time") return Time(args[1]);
  ASSAY_ASSIGN_OR_RETURN(const Convert convert, Choose(args));
  return ConvertLines(convert);
}

}  // namespace
}  // namespace assay

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  const absl::Status status = assay::Run({argv + 1, argv + argc});
  if (!status.ok()) std::cerr << "assay_tokenize: " << status.message() << "\n";
  return status.ok() ? 0 : 1;
}
