// How much of a forward pass on the CPU is its matrix products: times passes over real conversations and, in alternation,
// the products of those passes alone, on the same shapes, blocks and threads. Prints the medians and their ratio.
#include <algorithm>
#include <cstdint>
#include <iostream>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "base/jsonl_reader.h"
#include "base/status_macros.h"
#include "model/checkpoint_encoder.h"
#include "model/cpu_trunk.h"
#include "model/forward_row.h"
#include "model/kernels/products.h"
#include "model/mapped_file.h"
#include "model/packed_batch.h"
#include "model/row_blocks.h"

namespace assay {
namespace {

struct Flags {
  std::string model;
  std::vector<std::string> data;
  std::string dtype = "bfloat16";
  int64_t limit = 60;
  int64_t batch_tokens = 4096;
  int threads = 1;
  int rounds = 5;
};

struct Batch {
  PackedBatch pack;
  std::vector<int64_t> rows;  // What the heads read.
  int64_t unique_rows;
};

Numbers NumbersOf(const std::string& dtype) {
  if (dtype == "float32") return Numbers::kFloat32;
  return dtype == "int8" ? Numbers::kInt8 : Numbers::kBFloat16;
}

Batch BatchOf(const std::vector<PromptGroup>& groups) {
  Batch batch{.pack = PackGroups(groups, /*share_prefixes=*/false), .rows = {}, .unique_rows = 0};
  batch.rows = batch.pack.reward_rows;
  batch.rows.insert(batch.rows.end(), batch.pack.gate_rows.begin(), batch.pack.gate_rows.end());
  batch.unique_rows =
      static_cast<int64_t>(std::set<int64_t>(batch.rows.begin(), batch.rows.end()).size());
  return batch;
}

absl::StatusOr<std::vector<Batch>> ReadBatches(const Flags& flags,
                                               const ConversationEncoder& encoder) {
  std::vector<Batch> batches;
  std::vector<PromptGroup> groups;
  int64_t tokens = 0;
  const auto close = [&] {
    if (!groups.empty()) batches.push_back(BatchOf(groups));
    groups.clear();
    tokens = 0;
  };
  for (const std::string& path : flags.data) {
    ASSAY_ASSIGN_OR_RETURN(const auto reader, JsonlReader::Open(path));
    for (int64_t row = 0; row < flags.limit; ++row) {
      ASSAY_ASSIGN_OR_RETURN(const std::optional<std::string> line, reader->Next());
      if (!line.has_value()) break;
      ASSAY_ASSIGN_OR_RETURN(const ForwardRow parsed, ParseForwardRow(*line));
      ASSAY_ASSIGN_OR_RETURN(EncodedGroup encoded,
                             encoder.Encode(parsed.prompt, parsed.responses, {}));
      for (const EncodedResponse& response : encoded.group.responses) {
        tokens += encoded.group.InputTokens(response);
      }
      groups.push_back(std::move(encoded.group));
      if (tokens >= flags.batch_tokens) close();
    }
  }
  close();
  return batches;
}

// The products of one pass, each on as many rows as the pass has there.
class Products {
 public:
  Products(const ModelConfig& config, const CpuTrunkWeights& weights, Numbers numbers)
      : query_panels_((config.num_heads * config.head_dim + PanelColumns() - 1) / PanelColumns()),
        weights_(weights),
        numbers_(numbers),
        between_(numbers == Numbers::kFloat32 ? Numbers::kFloat32 : Numbers::kBFloat16) {}

  void Run(const Batch& batch, CpuTeam& team) {
    CpuTeam::Computation computation(&team);
    const std::vector<CpuLayer>& layers = weights_.layers;
    const auto over = [&](int64_t rows, auto work) {
      const std::vector<RowBlock> blocks =
          CutIntoBlocks(rows, computation.threads(), MostRowsOfABlock(layers.front().Bytes()));
      computation.ForEach(static_cast<int64_t>(blocks.size()),
                          [&](int64_t i) { work(static_cast<size_t>(blocks[i].size())); });
    };
    const int64_t all = static_cast<int64_t>(batch.pack.ids.size());
    for (size_t i = 0; i + 1 < layers.size(); ++i) {
      over(all, [&](size_t rows) {
        Project(layers[i], rows, 0, layers[i].query_key_value.panels());
        Finish(layers[i], rows);
      });
    }
    over(all, [&](size_t rows) {
      Project(layers.back(), rows, query_panels_, layers.back().query_key_value.panels());
    });
    over(batch.unique_rows, [&](size_t rows) {
      Project(layers.back(), rows, 0, query_panels_);
      Finish(layers.back(), rows);
    });
  }

 private:
  struct Scratch {
    AlignedBuffer<char> left;
    AlignedBuffer<float> scales, out, inner;
  };

  ProductRows Left(Scratch& scratch, size_t rows, size_t depth) const {
    const size_t bytes = rows * depth * BytesOf(numbers_);
    if (scratch.left.size() < bytes) {
      std::fill_n(scratch.left.Reserve(bytes), bytes, '\0');
    }
    if (scratch.scales.size() < rows) std::fill_n(scratch.scales.Reserve(rows), rows, 0.0f);
    return {scratch.left.data(), depth, rows, scratch.scales.data()};
  }

  void Project(const CpuLayer& layer, size_t rows, size_t first, size_t end) {
    thread_local Scratch scratch;
    const PackedMatrix& matrix = layer.query_key_value;
    const size_t columns = (end - first) * matrix.panel_columns;
    Multiply(Left(scratch, rows, matrix.depth), matrix, first, end,
             scratch.out.Reserve(rows * columns), columns);
  }

  void Finish(const CpuLayer& layer, size_t rows) {
    thread_local Scratch scratch;
    const size_t width = layer.attention_output.columns;
    float* const x = scratch.out.Reserve(rows * width);
    MultiplyAdd(Left(scratch, rows, layer.attention_output.depth), layer.attention_output, x,
                width);
    MultiplySwiGlu(Left(scratch, rows, layer.gate_up.depth), layer.gate_up, between_,
                   scratch.inner.Reserve(rows * layer.gate_up.columns / 2),
                   layer.gate_up.columns / 2);
    MultiplyAdd(Left(scratch, rows, layer.down.depth), layer.down, x, width);
  }

  const size_t query_panels_;
  const CpuTrunkWeights& weights_;
  const Numbers numbers_, between_;
};

double SecondsOf(const std::function<void()>& work) {
  const absl::Time start = absl::Now();
  work();
  return absl::ToDoubleSeconds(absl::Now() - start);
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

absl::StatusOr<CpuTrunkWeights> LoadTrunk(const CheckpointTensors& tensors,
                                          const ModelConfig& config, Numbers numbers,
                                          CpuTeam& team) {
  TensorBook book(tensors.tensors());
  for (const auto& [name, tensor] : tensors.tensors()) {  // All but the trunk's: the head.
    if (!absl::StartsWith(name, config.trunk_prefix)) book.Take(name, tensor.shape);
  }
  return LoadCpuTrunk(tensors, config, numbers, book, team);
}

absl::Status Run(const Flags& flags) {
  ASSAY_ASSIGN_OR_RETURN(const auto file, MappedFile::Open(flags.model + "/config.json"));
  ASSAY_ASSIGN_OR_RETURN(const ModelConfig config, ParseModelConfig(file->bytes()));
  ASSAY_ASSIGN_OR_RETURN(const LoadedText text, LoadText(flags.model, config, {}));
  ASSAY_ASSIGN_OR_RETURN(const auto tensors, CheckpointTensors::Open(flags.model));
  ASSAY_ASSIGN_OR_RETURN(const std::vector<Batch> batches, ReadBatches(flags, *text.encoder));
  const Numbers numbers = NumbersOf(flags.dtype);
  auto team = std::make_shared<CpuTeam>(flags.threads);
  ASSAY_ASSIGN_OR_RETURN(const CpuTrunkWeights weights,
                         LoadTrunk(*tensors, config, numbers, *team));
  ASSAY_ASSIGN_OR_RETURN(CpuTrunkWeights own, LoadTrunk(*tensors, config, numbers, *team));
  const CpuTrunk trunk(config, std::move(own), numbers, team);
  Products products(config, weights, numbers);

  int64_t tokens = 0;
  for (const Batch& batch : batches) tokens += static_cast<int64_t>(batch.pack.ids.size());
  std::vector<double> pass_times, product_times;
  for (int round = 0; round <= flags.rounds; ++round) {
    const double pass = SecondsOf([&] {
      for (const Batch& batch : batches) {
        std::vector<float> hidden(batch.rows.size() * config.hidden_size);
        trunk.Forward(batch.pack, batch.rows, hidden.data());
      }
    });
    const double alone = SecondsOf([&] {
      for (const Batch& batch : batches) products.Run(batch, *team);
    });
    if (round == 0) continue;  // Warms up.
    pass_times.push_back(pass);
    product_times.push_back(alone);
    std::cerr << absl::StrFormat("round %d/%d: passes %.2f s, products %.2f s\n", round,
                                 flags.rounds, pass, alone);
  }
  const double pass = Median(pass_times), alone = Median(product_times);
  std::cout << absl::StrFormat(
      "%s, %d threads, %d tokens: passes %.0f tokens/s, products alone %.0f tokens/s, ratio %.3f\n",
      flags.dtype, flags.threads, tokens, tokens / pass, tokens / alone, pass / alone);
  return absl::OkStatus();
}

}  // namespace
}  // namespace assay

int main(int argc, char** argv) {
  CLI::App app("Times forward passes on the CPU and their matrix products alone, in alternation.");
  app.footer(R"(
Example:
  pass_and_products --model .deps/models/armorm-mini --data data/llmbar.jsonl.gz --threads 2

Exit codes: 0 done; 1 a file cannot be read; other codes: wrong flags.)");
  assay::Flags flags;
  app.add_option("--model", flags.model, "Checkpoint folder")->required();
  app.add_option("--data", flags.data, "Files of rows, as assay-forward reads them")->required();
  app.add_option("--dtype", flags.dtype, "bfloat16, float32 or int8")
      ->check(CLI::IsMember({"bfloat16", "float32", "int8"}))
      ->capture_default_str();
  app.add_option("--limit", flags.limit, "Rows of each file")->capture_default_str();
  app.add_option("--batch-tokens", flags.batch_tokens, "Tokens that make a batch")
      ->capture_default_str();
  app.add_option("--threads", flags.threads, "Threads of a pass")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("--rounds", flags.rounds, "Rounds after the first, which warms up")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (const absl::Status status = assay::Run(flags); !status.ok()) {
    std::cerr << "pass_and_products: " << status.message() << std::endl;
    return 1;
  }
  return 0;
}
