#include "tests/model/tiny_tokenizer.h"

#include <map>

#include "absl/strings/str_format.h"
#include "base/utf8.h"

namespace assay::testing {
namespace {

constexpr absl::string_view kLlama3Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

// GPT-2's alphabet, written out independently of model/bpe.cc.
std::string SpellingOf(int byte) {
  std::string spelling;
  int rune = byte;
  if (byte <= 0x20) rune = 0x100 + byte;
  if (byte >= 0x7F && byte <= 0xA0) rune = 0x121 + byte - 0x7F;
  if (byte == 0xAD) rune = 0x143;
  AppendUtf8(rune, &spelling);
  return spelling;
}

// The added_tokens section; the first has id `first`.
Json SpecialsFrom(size_t first) {
  Json added = Json::array();
  for (const absl::string_view content : kTinySpecials) {
    added.push_back({{"id", first + added.size()},
                     {"content", std::string(content)},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false},
                     {"special", true}});
  }
  return added;
}

}  // namespace

Json TinyTokenizerJson() {
  Json vocab = Json::object();
  for (int byte = 0; byte < 256; ++byte) vocab[SpellingOf(byte)] = byte;
  const std::string space = SpellingOf(' ');
  const std::string newline = SpellingOf('\n');
  const std::pair<std::string, std::string> merges[] = {
      {"h", "e"},   {"l", "l"}, {"he", "ll"},      {"hell", "o"},
      {space, "w"}, {"o", "r"}, {newline, newline}};
  Json merge_list = Json::array();
  for (const auto& [left, right] : merges) {
    vocab[left + right] = vocab.size();
    merge_list.push_back({left, right});
  }
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", SpecialsFrom(vocab.size())},
          {"normalizer", nullptr},
          {"pre_tokenizer",
           {{"type", "Sequence"},
            {"pretokenizers",
             {{{"type", "Split"},
               {"pattern", {{"Regex", std::string(kLlama3Pattern)}}},
               {"behavior", "Isolated"},
               {"invert", false}},
              {{"type", "ByteLevel"},
               {"add_prefix_space", false},
               {"trim_offsets", true},
               {"use_regex", false}}}}}},
          {"post_processor", nullptr},
          {"decoder", nullptr},
          {"model", {{"type", "BPE"}, {"vocab", vocab}, {"merges", merge_list}}}};
}

Json TinyFallbackJson() {
  Json vocab = Json::object();
  for (int byte = 0; byte < 256; ++byte) vocab[absl::StrFormat("<0x%02X>", byte)] = byte;
  for (const char* text :
       {"<unk>", "▁", "h", "e", "l", "o", "w", "r", "é", "he", "ll", "hell", "hello", "▁w", "or"}) {
    vocab[text] = vocab.size();
  }
  Json file = TinyTokenizerJson();
  file["normalizer"] = {
      {"type", "Sequence"},
      {"normalizers", {{{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "▁"}}}}};
  file["pre_tokenizer"] = nullptr;
  file["added_tokens"] = SpecialsFrom(vocab.size());
  file["model"] = {{"type", "BPE"},    {"unk_token", "<unk>"},
                   {"fuse_unk", true}, {"byte_fallback", true},
                   {"vocab", vocab},   {"merges", {"h e", "l l", "he ll", "hell o", "▁ w", "o r"}}};
  return file;
}

std::string SpellFallback(const TokenIds& ids) {
  static const std::map<TokenId, std::string>& spellings = *[] {
    const Json file = TinyFallbackJson();
    auto* map = new std::map<TokenId, std::string>;
    for (const auto& [text, id] : file["model"]["vocab"].items()) (*map)[id.get<TokenId>()] = text;
    for (const Json& added : file["added_tokens"]) {
      (*map)[added["id"].get<TokenId>()] = added["content"].get<std::string>();
    }
    return map;
  }();
  std::string text;
  for (const TokenId id : ids) {
    text += id < 256 ? std::string(1, static_cast<char>(id)) : spellings.at(id);
  }
  return text;
}

std::unique_ptr<Tokenizer> TinyTokenizer() {
  return Tokenizer::Create(TinyTokenizerJson().dump()).value();
}

}  // namespace assay::testing
