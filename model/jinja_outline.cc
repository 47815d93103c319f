#include "model/jinja_outline.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace assay {
namespace {

using Words = std::vector<std::string>;

constexpr size_t kMaxTemplateBytes = 1 << 20;

bool IsName(absl::string_view word) {
  return !word.empty() && (absl::ascii_isalpha(word[0]) || word[0] == '_');
}
bool IsText(absl::string_view word) { return absl::StartsWith(word, "'"); }

// True where `words` has `pattern` at `at`.
bool HasAt(const Words& words, size_t at, const Words& pattern) {
  return at + pattern.size() <= words.size() &&
         std::equal(pattern.begin(), pattern.end(), words.begin() + at);
}

// Source text to words: data as outputs of texts, tags word by word.
class Reader {
 public:
  // Jinja knows three kinds of line ends and drops one at the end of the source.
  explicit Reader(absl::string_view jinja)
      : source_(absl::StrReplaceAll(jinja, {{"\r\n", "\n"}, {"\r", "\n"}})) {
    if (absl::EndsWith(source_, "\n")) source_.pop_back();
  }

  std::optional<Words> Read() {
    while (at_ < source_.size()) {
      const size_t tag = FindTag();
      ReadData(tag);
      if (at_ < source_.size() && !ReadTag()) return std::nullopt;
    }
    return std::move(words_);
  }

 private:
  // The next "{{", "{%" or "{#", or the end.
  size_t FindTag() const {
    for (size_t at = at_; at + 1 < source_.size(); ++at) {
      const char next = source_[at + 1];
      if (source_[at] == '{' && (next == '{' || next == '%' || next == '#')) return at;
    }
    return source_.size();
  }

  // Data up to the tag at `tag`, less what the tags on both sides strip.
  void ReadData(size_t tag) {
    absl::string_view data = absl::string_view(source_).substr(at_, tag - at_);
    if (tag < source_.size()) {
      const char control = tag + 2 < source_.size() ? source_[tag + 2] : ' ';
      if (control == '-') {
        data = absl::StripTrailingAsciiWhitespace(data);
      } else if (control != '+' && source_[tag + 1] != '{') {
        StripLineStart(&data);
      }
    }
    if (strip_next_) data = absl::StripLeadingAsciiWhitespace(data);
    if (drop_newline_ && absl::StartsWith(data, "\n")) data.remove_prefix(1);
    if (!data.empty()) {
      words_.insert(words_.end(), {"{{", absl::StrCat("'", data), "}}"});
    }
    at_ = tag;
  }

  // lstrip_blocks: a block that is the first thing on its line takes the blanks before it.
  void StripLineStart(absl::string_view* data) const {
    const size_t line = data->rfind('\n') + 1;  // 0 where there is none.
    const bool begins_line = line > 0 || at_ == 0;
    const absl::string_view blanks = data->substr(line);
    if (begins_line && absl::StripAsciiWhitespace(blanks).empty())
      data->remove_suffix(blanks.size());
  }

  bool ReadTag() {
    const char kind = source_[at_ + 1];
    at_ += 2;
    if (kind == '#') return SkipComment();
    const std::string close = kind == '{' ? "}}" : "%}";
    words_.push_back(absl::StrCat("{", std::string(1, kind)));
    if (at_ < source_.size() && (source_[at_] == '-' || source_[at_] == '+')) ++at_;
    for (;;) {
      while (at_ < source_.size() && absl::ascii_isspace(source_[at_])) ++at_;
      const absl::string_view rest = absl::string_view(source_).substr(at_);
      const bool strips = absl::StartsWith(rest, absl::StrCat("-", close));
      const bool keeps = absl::StartsWith(rest, absl::StrCat("+", close));
      if (strips || keeps || absl::StartsWith(rest, close)) {
        at_ += close.size() + (strips || keeps ? 1 : 0);
        words_.push_back(close);
        AfterTag(strips, /*is_block=*/kind == '%' && !keeps);
        return true;
      }
      if (rest.empty() || !ReadWord(rest)) return false;
    }
  }

  bool SkipComment() {
    const size_t end = source_.find("#}", at_);
    if (end == std::string::npos) return false;
    const bool strips = end > at_ && source_[end - 1] == '-';
    at_ = end + 2;
    AfterTag(strips, /*is_block=*/true);
    return true;
  }

  void AfterTag(bool strips, bool is_block) {
    strip_next_ = strips;
    drop_newline_ = is_block;  // trim_blocks.
  }

  bool ReadWord(absl::string_view rest) {
    if (rest[0] == '\'' || rest[0] == '"') return ReadText(rest);
    size_t bytes = 0;
    while (bytes < rest.size() && (absl::ascii_isalnum(rest[bytes]) || rest[bytes] == '_')) ++bytes;
    if (bytes == 0) {
      constexpr std::array<absl::string_view, 4> kLong = {"==", "!=", ">=", "<="};
      constexpr absl::string_view kShort = "+~|.,:()[]{}=<>";
      if (std::find(kLong.begin(), kLong.end(), rest.substr(0, 2)) != kLong.end()) {
        bytes = 2;
      } else if (kShort.find(rest[0]) != absl::string_view::npos) {
        bytes = 1;
      } else {
        return false;
      }
    }
    words_.emplace_back(rest.substr(0, bytes));
    at_ += bytes;
    return true;
  }

  bool ReadText(absl::string_view rest) {
    std::string text = "'";
    for (size_t i = 1; i < rest.size(); ++i) {
      if (rest[i] == rest[0]) {
        words_.push_back(std::move(text));
        at_ += i + 1;
        return true;
      }
      if (rest[i] != '\\') {
        text += rest[i];
        continue;
      }
      if (++i == rest.size()) return false;
      switch (rest[i]) {
        case 'n':
          text += '\n';
          break;
        case 't':
          text += '\t';
          break;
        case 'r':
          text += '\r';
          break;
        case '\\':
        case '\'':
        case '"':
          text += rest[i];
          break;
        default:
          return false;
      }
    }
    return false;
  }

  std::string source_;
  size_t at_ = 0;
  bool strip_next_ = false;    // By the tag before.
  bool drop_newline_ = false;  // By the tag before.
  Words words_;
};

// Replaces every occurrence of `from`, left to right.
void ReplaceAll(const Words& from, const Words& to, Words* words) {
  Words out;
  for (size_t at = 0; at < words->size();) {
    if (HasAt(*words, at, from)) {
      out.insert(out.end(), to.begin(), to.end());
      at += from.size();
    } else {
      out.push_back(std::move((*words)[at++]));
    }
  }
  *words = std::move(out);
}

// x['name'] to x.name.
void DotSubscripts(Words* words) {
  Words out;
  for (size_t at = 0; at < words->size();) {
    const bool subscript = at + 2 < words->size() && (*words)[at] == "[" &&
                           ((*words)[at + 1] == "'role" || (*words)[at + 1] == "'content") &&
                           (*words)[at + 2] == "]";
    if (subscript && !out.empty() && (IsName(out.back()) || out.back() == "]")) {
      out.insert(out.end(), {".", (*words)[at + 1].substr(1)});
      at += 3;
    } else {
      out.push_back((*words)[at++]);
    }
  }
  *words = std::move(out);
}

// ( operand ) to operand, where the operand is a name with attributes and filters only.
void DropParentheses(Words* words) {
  Words out;
  for (size_t at = 0; at < words->size(); ++at) {
    if ((*words)[at] == "(" && (out.empty() || (!IsName(out.back()) && out.back() != ")"))) {
      size_t end = at + 1;
      while (end < words->size() &&
             (IsName((*words)[end]) || (*words)[end] == "." || (*words)[end] == "|")) {
        ++end;
      }
      const bool has_words_of_logic =
          std::any_of(words->begin() + at + 1, words->begin() + end, [](const std::string& word) {
            return word == "and" || word == "or" || word == "not" || word == "is" || word == "in" ||
                   word == "if" || word == "else";
          });
      if (end > at + 1 && end < words->size() && (*words)[end] == ")" && !has_words_of_logic) {
        out.insert(out.end(), words->begin() + at + 1, words->begin() + end);
        at = end;
        continue;
      }
    }
    out.push_back((*words)[at]);
  }
  *words = std::move(out);
}

// Blocks that render nothing where no generation prompt is asked for.
void DropGenerationPrompt(Words* words) {
  for (const Words& condition : {Words{"not", "add_generation_prompt", "is", "defined"},
                                 Words{"add_generation_prompt", "is", "not", "defined"}}) {
    Words preamble = {"{%", "if"};
    preamble.insert(preamble.end(), condition.begin(), condition.end());
    for (const char* word :
         {"%}", "{%", "set", "add_generation_prompt", "=", "false", "%}", "{%", "endif", "%}"}) {
      preamble.push_back(word);
    }
    ReplaceAll(preamble, {}, words);
  }
  const Words begin = {"{%", "if", "add_generation_prompt", "%}"};
  const Words end = {"{%", "endif", "%}"};
  Words out;
  for (size_t at = 0; at < words->size();) {
    if (HasAt(*words, at, begin)) {
      // Only outputs inside: another block would make its end hard to tell.
      size_t inside = at + begin.size();
      while (inside < words->size() && (*words)[inside] != "{%") ++inside;
      if (HasAt(*words, inside, end)) {
        at = inside + end.size();
        continue;
      }
    }
    out.push_back((*words)[at++]);
  }
  *words = std::move(out);
}

// Joins texts that are added to each other, where nothing else binds them.
void JoinTexts(Words* words) {
  Words out;
  for (size_t at = 0; at < words->size(); ++at) {
    const std::string& word = (*words)[at];
    const size_t size = out.size();
    const bool ends_operand = at + 1 == words->size() || (*words)[at + 1] == "+" ||
                              (*words)[at + 1] == "}}" || (*words)[at + 1] == "%}";
    const bool joins = IsText(word) && ends_operand && size >= 3 && out[size - 1] == "+" &&
                       IsText(out[size - 2]) &&
                       (out[size - 3] == "+" || out[size - 3] == "{{" || out[size - 3] == "=");
    if (joins) {
      out.pop_back();
      out.back() += word.substr(1);
    } else {
      out.push_back(word);
    }
  }
  *words = std::move(out);
}

// Names the variables that the template sets by the order in which it does.
void RenameVariables(Words* words) {
  constexpr std::array<absl::string_view, 5> kGiven = {"messages", "bos_token", "eos_token",
                                                       "add_generation_prompt", "loop"};
  absl::flat_hash_map<std::string, std::string> names;
  for (size_t at = 1; at < words->size(); ++at) {
    const std::string& name = (*words)[at];
    if (!IsName(name) || ((*words)[at - 1] != "for" && (*words)[at - 1] != "set")) continue;
    if (std::find(kGiven.begin(), kGiven.end(), name) != kGiven.end()) continue;
    names.emplace(name, absl::StrCat("$", names.size()));
  }
  for (size_t at = 1; at < words->size(); ++at) {
    if ((*words)[at - 1] == "." || (*words)[at - 1] == "|" || (*words)[at - 1] == "{%") continue;
    if (const auto found = names.find((*words)[at]); found != names.end()) {
      (*words)[at] = found->second;
    }
  }
}

}  // namespace

std::optional<std::vector<std::string>> OutlineOf(absl::string_view jinja) {
  if (jinja.size() > kMaxTemplateBytes) return std::nullopt;
  std::optional<Words> words = Reader(jinja).Read();
  if (!words) return std::nullopt;
  ReplaceAll({"~"}, {"+"}, &*words);
  DotSubscripts(&*words);
  ReplaceAll({".", "strip", "(", ")"}, {"|", "trim"}, &*words);
  ReplaceAll({"loop", ".", "index0", "==", "0"}, {"loop", ".", "first"}, &*words);
  DropParentheses(&*words);
  DropGenerationPrompt(&*words);
  ReplaceAll({"}}", "{{"}, {"+"}, &*words);
  JoinTexts(&*words);
  RenameVariables(&*words);
  return words;
}

}  // namespace assay
