#include "model/jinja_outline.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "model/jinja_words.h"

namespace assay {
namespace {

using Words = std::vector<std::string>;

bool IsName(absl::string_view word) {
  return !word.empty() && (absl::ascii_isalpha(word[0]) || word[0] == '_');
}
bool IsText(absl::string_view word) { return absl::StartsWith(word, "'"); }

// True where `words` has `pattern` at `at`.
bool HasAt(const Words& words, size_t at, const Words& pattern) {
  return at + pattern.size() <= words.size() &&
         std::equal(pattern.begin(), pattern.end(), words.begin() + at);
}

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
  std::optional<Words> words = WordsOf(jinja);
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
