// Proves on a real model that a conversation's score has the same bits however it is computed: alone, in random batches,
// in the reverse order, with other companions, with shared prompts and without, and by four workers at once.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "base/jsonl_reader.h"
#include "base/status_macros.h"
#include "model/forward_row.h"
#include "model/load_model.h"

namespace assay {
namespace {

struct Flags {
  std::string model;
  std::vector<std::string> data;
  std::vector<std::string> dtypes = {"bfloat16", "float32"};
  int64_t conversations = 1000;
  int64_t longest = 400;
};

// One number a conversation.
using Scores = std::vector<float>;

struct Prompt {
  PromptGroup group;            // As encoded: the prefix that its responses share.
  std::vector<size_t> numbers;  // Of its responses, among all conversations.
};

class Conversations {
 public:
  static absl::StatusOr<Conversations> Read(const Flags& flags,
                                            const ConversationEncoder& encoder) {
    Conversations all;
    for (const std::string& path : flags.data) {
      ASSAY_ASSIGN_OR_RETURN(const auto reader, JsonlReader::Open(path));
      while (all.size() < flags.conversations) {
        ASSAY_ASSIGN_OR_RETURN(const std::optional<std::string> line, reader->Next());
        if (!line.has_value()) break;
        ASSAY_ASSIGN_OR_RETURN(const ForwardRow row, ParseForwardRow(*line));
        ASSAY_ASSIGN_OR_RETURN(EncodedGroup encoded, encoder.Encode(row.prompt, row.responses, {}));
        all.Add(std::move(encoded.group), flags.longest);
      }
    }
    if (all.size() == 0) return absl::NotFoundError("no conversation is short enough");
    return all;
  }

  int64_t size() const { return static_cast<int64_t>(alone_.size()); }
  const std::vector<Prompt>& prompts() const { return prompts_; }
  const PromptGroup& alone(size_t number) const { return alone_[number]; }

 private:
  void Add(PromptGroup group, int64_t longest) {
    Prompt prompt;
    for (const EncodedResponse& response : group.responses) {
      if (group.InputTokens(response) > longest) return;
    }
    for (const EncodedResponse& response : group.responses) {
      PromptGroup single{.prefix = {}, .responses = {response}};
      TokenIds& tokens = single.responses.front().tokens;
      tokens.insert(tokens.begin(), group.prefix.begin(), group.prefix.end());
      prompt.numbers.push_back(alone_.size());
      alone_.push_back(std::move(single));
    }
    prompt.group = std::move(group);
    prompts_.push_back(std::move(prompt));
  }

  std::vector<Prompt> prompts_;
  std::vector<PromptGroup> alone_;  // Each conversation as a group of its own.
};

// A way of computing: prompts, or single conversations, in some order, in batches of random sizes.
struct Way {
  std::string name;
  bool by_prompt;
  bool reversed;
  uint32_t seed;  // 0: in the order of the data.
  int64_t largest_batch;
  int workers;
};

// Scores of batch after batch, by as many workers as there are scorers.
absl::Status ScoreAll(const Conversations& all, const Way& way,
                      const std::vector<std::unique_ptr<Scorer>>& scorers, Scores* scores) {
  const size_t units = way.by_prompt ? all.prompts().size() : all.size();
  std::vector<size_t> order(units);
  for (size_t i = 0; i < units; ++i) order[i] = i;
  std::mt19937 engine(way.seed);
  if (way.seed != 0) std::shuffle(order.begin(), order.end(), engine);
  if (way.reversed) std::reverse(order.begin(), order.end());
  std::vector<std::vector<size_t>> batches;
  for (size_t at = 0; at < units;) {
    const size_t size = way.seed == 0 ? way.largest_batch : 1 + engine() % way.largest_batch;
    batches.emplace_back(order.begin() + at, order.begin() + std::min(at + size, units));
    at += size;
  }
  std::atomic<size_t> next = 0;
  std::atomic<int64_t> failed = 0;
  const auto work = [&](Scorer* scorer) {
    for (size_t i = next++; i < batches.size(); i = next++) {
      std::vector<PromptGroup> groups;
      std::vector<size_t> numbers;
      for (size_t unit : batches[i]) {
        groups.push_back(way.by_prompt ? all.prompts()[unit].group : all.alone(unit));
        if (way.by_prompt) {
          const std::vector<size_t>& own = all.prompts()[unit].numbers;
          numbers.insert(numbers.end(), own.begin(), own.end());
        } else {
          numbers.push_back(unit);
        }
      }
      const auto results = scorer->ScoreBatch(groups);
      for (size_t j = 0; j < results.size(); ++j) {
        if (!results[j].ok()) {
          failed.fetch_add(1);
        } else {
          (*scores)[numbers[j]] = results[j]->score;
        }
      }
    }
  };
  std::vector<std::thread> workers;
  for (int i = 1; i < way.workers; ++i) workers.emplace_back(work, scorers[i].get());
  work(scorers.front().get());
  for (std::thread& worker : workers) worker.join();
  return failed == 0 ? absl::OkStatus()
                     : absl::InternalError(absl::StrCat(failed.load(), " conversations failed"));
}

// Conversations whose bits differ from `expected`.
int64_t Differences(const Scores& found, const Scores& expected) {
  int64_t count = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    count += std::memcmp(&found[i], &expected[i], sizeof(float)) != 0;
  }
  return count;
}

absl::StatusOr<bool> CheckDtype(const Flags& flags, const std::string& dtype) {
  LoadOptions options{.folder = flags.model, .devices = {"cpu"}, .dtype = dtype, .workers = 4};
  ASSAY_ASSIGN_OR_RETURN(const LoadedModel shared, LoadModel(options));
  options.share_prefixes = false;
  ASSAY_ASSIGN_OR_RETURN(const LoadedModel whole, LoadModel(options));
  ASSAY_ASSIGN_OR_RETURN(const Conversations all, Conversations::Read(flags, *shared.encoder));
  Scores expected(all.size());
  ASSAY_RETURN_IF_ERROR(ScoreAll(all, {"alone", false, false, 0, 1, 1}, shared.scorers, &expected));
  std::cerr << dtype << ": " << all.size() << " conversations alone\n";
  bool same = true;
  for (const Way& way : {Way{"prompts in batches", true, false, 1, 12, 1},
                         Way{"prompts in batches, reversed", true, true, 1, 12, 1},
                         Way{"single conversations, other companions", false, false, 2, 30, 1},
                         Way{"prompts in batches, four workers", true, false, 3, 12, 4}}) {
    for (const auto* model : {&shared, &whole}) {
      Scores found(all.size());
      ASSAY_RETURN_IF_ERROR(ScoreAll(all, way, model->scorers, &found));
      const int64_t differences = Differences(found, expected);
      same = same && differences == 0;
      std::cout << dtype << ", " << way.name << ", " << (model == &shared ? "shared" : "unshared")
                << ": " << differences << " of " << all.size() << " differ" << std::endl;
    }
  }
  return same;
}

}  // namespace
}  // namespace assay

int main(int argc, char** argv) {
  CLI::App app("Scores conversations in many ways and compares the bits.");
  app.footer(R"(
Example:
  same_bits --model .deps/models/armorm-mini --data data/llmbar.jsonl.gz --data data/hep.jsonl.gz

Exit codes: 0 all bits are equal; 1 some differ, or something cannot be read; other codes: wrong flags.)");
  assay::Flags flags;
  app.add_option("--model", flags.model, "Checkpoint folder")->required();
  app.add_option("--data", flags.data, "Files of rows, as assay-forward reads them")->required();
  app.add_option("--dtype", flags.dtypes, "Of the trunk")->capture_default_str();
  app.add_option("--conversations", flags.conversations, "At least this many, if there are")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--longest", flags.longest,
                 "Tokens; prompts with longer conversations are left out")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  bool same = true;
  for (const std::string& dtype : flags.dtypes) {
    const absl::StatusOr<bool> checked = assay::CheckDtype(flags, dtype);
    if (!checked.ok()) {
      std::cerr << "same_bits: " << checked.status().message() << std::endl;
      return 1;
    }
    same = same && *checked;
  }
  return same ? 0 : 1;
}
