#include "model/cpu_trunk.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "model/aligned_buffer.h"
#include "model/cpu_attention_plan.h"
#include "model/kernels/products.h"
#include "model/kernels/row_kernels.h"
#include "model/row_blocks.h"
#include "model/stored_numbers.h"

namespace assay {
namespace {

// What one thread needs for a block; grows, and stays with the thread.
struct Scratch {
  AlignedBuffer<float> normed_floats;  // int8: a row before it is quantised.
  AlignedBuffer<char> left;            // A product's rows.
  AlignedBuffer<float> scales;         // int8: their scales.
  AlignedBuffer<float> projected;      // q, k and v.
  AlignedBuffer<char> inner;           // Of the feed-forward part.
};
thread_local Scratch scratch;

// Rows of one kind of number, one after another.
struct Rows {
  AlignedBuffer<char> memory;
  size_t row_bytes = 0;

  Rows(int64_t count, size_t numbers, Numbers kind)
      : memory(count * numbers * BytesOf(kind)), row_bytes(numbers * BytesOf(kind)) {}
  char* at(int64_t row) { return memory.data() + row * row_bytes; }
};

}  // namespace

// One call of Forward(). N rows at first, then the U that are wanted.
class CpuTrunk::Pass {
 public:
  Pass(const CpuTrunk& trunk, const PackedBatch& batch)
      : trunk_(trunk),
        config_(trunk.config_),
        batch_(batch),
        computation_(trunk.team_.get()),
        between_(trunk.numbers_ == Numbers::kFloat32 ? Numbers::kFloat32 : Numbers::kBFloat16),
        hidden_(static_cast<size_t>(config_.hidden_size)),
        width_(PaddedDepth(hidden_)),
        query_size_(static_cast<size_t>(config_.num_heads * config_.head_dim)),
        key_size_(static_cast<size_t>(config_.num_kv_heads * config_.head_dim)),
        rows_(static_cast<int64_t>(batch.ids.size())),
        x_(rows_ * width_),
        q_(rows_, query_size_, between_),
        k_(rows_, key_size_, between_),
        v_(rows_, key_size_, between_),
        attended_(rows_, PaddedDepth(query_size_), between_) {}

  void Run(const std::vector<int64_t>& rows, float* hidden) {
    const std::vector<CpuLayer>& layers = trunk_.weights_.layers;
    const CpuAttentionPlan plan = PlanCpuAttention(batch_.segments, computation_.threads());
    Embed();
    OverBlocks([&](RowBlock block) { Project(layers.front(), block, layers.size() == 1); });
    for (size_t i = 0; i + 1 < layers.size(); ++i) {
      AttendAll(plan);
      OverBlocks([&](RowBlock block) {
        Finish(layers[i], block);
        Project(layers[i + 1], block, i + 2 == layers.size());
      });
    }
    // The last layer has its keys and values of all rows; the rest is computed of the wanted ones.
    const std::vector<int64_t> wanted = SortedUnique(rows);
    KeepRows(wanted);
    OverBlocks([&](RowBlock block) { ProjectQueries(layers.back(), block, wanted); });
    AttendAll(PlanCpuAttentionOfRows(batch_.segments, wanted));
    OverBlocks([&](RowBlock block) { Finish(layers.back(), block); });
    WriteHidden(rows, wanted, hidden);
  }

 private:
  static std::vector<int64_t> SortedUnique(std::vector<int64_t> rows) {
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    return rows;
  }

  template <typename Work>
  void OverBlocks(const Work& work) {
    const std::vector<RowBlock> blocks = CutIntoBlocks(
        rows_, computation_.threads(), MostRowsOfABlock(trunk_.weights_.layers.front().Bytes()));
    computation_.ForEach(static_cast<int64_t>(blocks.size()), [&](int64_t i) { work(blocks[i]); });
  }

  float* x(int64_t row) { return x_.data() + row * width_; }

  void Embed() {
    const StoredTensor& embedding = trunk_.weights_.embedding;
    const size_t row_bytes = hidden_ * DtypeBytes(embedding.dtype);
    for (int64_t row = 0; row < rows_; ++row) {
      ToFloat32(embedding.dtype, embedding.bytes.data() + batch_.ids[row] * row_bytes, hidden_,
                x(row));
      std::fill(x(row) + hidden_, x(row) + width_, 0.0f);
      char* const padding = attended_.at(row) + query_size_ * BytesOf(between_);
      std::fill(padding, attended_.at(row) + attended_.row_bytes, 0);
    }
  }

  // Room for a product's left side of `count` rows, `depth` numbers each.
  ProductRows LeftRows(int64_t count, size_t depth) {
    scratch.left.Reserve(count * depth * BytesOf(trunk_.numbers_));
    scratch.scales.Reserve(count);
    return {scratch.left.data(), depth, static_cast<size_t>(count), scratch.scales.data()};
  }
  char* LeftRow(int64_t i, size_t depth) {
    return scratch.left.data() + i * depth * BytesOf(trunk_.numbers_);
  }

  // The rows of `block`, normed, as a product's left side.
  ProductRows Normed(const std::vector<float>& weight, RowBlock block) {
    const ProductRows left = LeftRows(block.size(), width_);
    const float eps = static_cast<float>(config_.rms_norm_eps);
    for (int64_t i = 0; i < block.size(); ++i) {
      const float* const from = x(block.begin + i);
      char* const to = LeftRow(i, width_);
      if (trunk_.numbers_ != Numbers::kInt8) {
        RmsNormRow(from, weight.data(), hidden_, width_, eps, trunk_.numbers_, to);
        continue;
      }
      float* const floats = scratch.normed_floats.Reserve(width_);
      RmsNormRow(from, weight.data(), hidden_, width_, eps, Numbers::kFloat32, floats);
      scratch.scales.data()[i] =
          QuantizeRow(floats, Numbers::kFloat32, width_, reinterpret_cast<uint8_t*>(to));
    }
    return left;
  }

  // `count` rows of `depth` numbers of kind between_ as a product's left side: as they are, or quantised.
  ProductRows Between(const char* rows, int64_t count, size_t depth) {
    if (trunk_.numbers_ != Numbers::kInt8) {
      return {rows, depth, static_cast<size_t>(count), nullptr};
    }
    const ProductRows left = LeftRows(count, depth);
    for (int64_t i = 0; i < count; ++i) {
      scratch.scales.data()[i] = QuantizeRow(rows + i * depth * BytesOf(between_), between_, depth,
                                             reinterpret_cast<uint8_t*>(LeftRow(i, depth)));
    }
    return left;
  }

  const float* Cos(int64_t position) const {
    return trunk_.rotary_.cos.data() + position * trunk_.rotary_.pairs;
  }
  const float* Sin(int64_t position) const {
    return trunk_.rotary_.sin.data() + position * trunk_.rotary_.pairs;
  }
  size_t QueryPanels(const CpuLayer& layer) const {
    const size_t columns = layer.query_key_value.panel_columns;
    return (query_size_ + columns - 1) / columns;
  }
  // Panels first..end-1 of q, k and v of the block: [rows, columns] float32.
  float* ProjectPanels(const CpuLayer& layer, RowBlock block, size_t first, size_t end) {
    const size_t columns = (end - first) * layer.query_key_value.panel_columns;
    float* const projected = scratch.projected.Reserve(block.size() * columns);
    Multiply(Normed(layer.input_norm, block), layer.query_key_value, first, end, projected,
             columns);
    return projected;
  }

  // q, k and v of the block's rows; without q where only keys are wanted.
  void Project(const CpuLayer& layer, RowBlock block, bool keys_only) {
    const size_t panels = layer.query_key_value.panels();
    const size_t query_panels = QueryPanels(layer);
    const size_t first = keys_only ? query_panels : 0;
    const size_t panel_columns = layer.query_key_value.panel_columns;
    const float* projected = ProjectPanels(layer, block, first, panels);
    const size_t head_dim = static_cast<size_t>(config_.head_dim);
    for (int64_t row = block.begin; row < block.end; ++row) {
      const float* const cos = Cos(batch_.positions[row]);
      const float* const sin = Sin(batch_.positions[row]);
      if (!keys_only) {
        RotateRow(projected, cos, sin, config_.num_heads, head_dim, between_, q_.at(row));
      }
      const float* const keys = projected + (query_panels - first) * panel_columns;
      RotateRow(keys, cos, sin, config_.num_kv_heads, head_dim, between_, k_.at(row));
      RoundRow(keys + key_size_, key_size_, between_, v_.at(row));
      projected += (panels - first) * panel_columns;
    }
  }

  // q of the block's rows, which are those `wanted` of the pack.
  void ProjectQueries(const CpuLayer& layer, RowBlock block, const std::vector<int64_t>& wanted) {
    const size_t panels = QueryPanels(layer);
    const float* projected = ProjectPanels(layer, block, 0, panels);
    for (int64_t row = block.begin; row < block.end; ++row) {
      const int64_t position = batch_.positions[wanted[row]];
      RotateRow(projected, Cos(position), Sin(position), config_.num_heads,
                static_cast<size_t>(config_.head_dim), between_, q_.at(row));
      projected += panels * layer.query_key_value.panel_columns;
    }
  }

  void AttendAll(const CpuAttentionPlan& plan) {
    const AttentionShape shape = {.heads = static_cast<size_t>(config_.num_heads),
                                  .key_heads = static_cast<size_t>(config_.num_kv_heads),
                                  .head_dim = static_cast<size_t>(config_.head_dim),
                                  .numbers = between_};
    const int64_t key_heads = config_.num_kv_heads;
    const int64_t pieces = static_cast<int64_t>(plan.spans.size()) * key_heads;
    computation_.ForEach(pieces, [&](int64_t piece) {
      const AttentionSpan& span = plan.spans[piece / key_heads];
      Attend(shape, piece % key_heads,
             absl::MakeConstSpan(plan.queries).subspan(span.first_query, span.queries),
             plan.key_rows[span.segment], q_.memory.data(), k_.memory.data(), v_.memory.data(),
             attended_.memory.data(), PaddedDepth(query_size_));
    });
  }

  // Everything of the layer that comes after attention.
  void Finish(const CpuLayer& layer, RowBlock block) {
    MultiplyAdd(Between(attended_.at(block.begin), block.size(), PaddedDepth(query_size_)),
                layer.attention_output, x(block.begin), width_);
    const size_t computed = layer.gate_up.columns / 2;
    const size_t depth = layer.down.depth;
    const size_t bytes = BytesOf(between_);
    char* const inner = scratch.inner.Reserve(block.size() * depth * bytes);
    for (int64_t i = 0; computed < depth && i < block.size(); ++i) {
      std::fill(inner + (i * depth + computed) * bytes, inner + (i + 1) * depth * bytes, 0);
    }
    MultiplySwiGlu(Normed(layer.post_attention_norm, block), layer.gate_up, between_, inner, depth);
    MultiplyAdd(Between(inner, block.size(), depth), layer.down, x(block.begin), width_);
  }

  // From now on the pass has these rows alone; k and v stay those of the pack.
  void KeepRows(const std::vector<int64_t>& wanted) {
    for (size_t i = 0; i < wanted.size(); ++i) {
      // Sorted: nothing is written over before it is read.
      std::memmove(x(i), x(wanted[i]), width_ * sizeof(float));
    }
    rows_ = static_cast<int64_t>(wanted.size());
  }

  void WriteHidden(const std::vector<int64_t>& rows, const std::vector<int64_t>& wanted,
                   float* hidden) {
    float* const normed = scratch.normed_floats.Reserve(width_);
    for (int64_t row : rows) {
      const int64_t at = std::lower_bound(wanted.begin(), wanted.end(), row) - wanted.begin();
      RmsNormRow(x(at), trunk_.weights_.final_norm.data(), hidden_, width_,
                 static_cast<float>(config_.rms_norm_eps), Numbers::kFloat32, normed);
      hidden = std::copy(normed, normed + hidden_, hidden);
    }
  }

  const CpuTrunk& trunk_;
  const ModelConfig& config_;
  const PackedBatch& batch_;
  CpuTeam::Computation computation_;
  const Numbers between_;  // Of q, k, v, attention's result and the inner activations.
  const size_t hidden_;
  const size_t width_;  // H, padded.
  const size_t query_size_;
  const size_t key_size_;
  int64_t rows_;
  AlignedBuffer<float> x_;  // [rows, width_], the residual stream.
  Rows q_, k_, v_;
  Rows attended_;
};

CpuTrunk::CpuTrunk(const ModelConfig& config, CpuTrunkWeights weights, Numbers numbers,
                   std::shared_ptr<CpuTeam> team)
    : config_(config),
      weights_(std::move(weights)),
      numbers_(numbers),
      rotary_(MakeRotaryAngles(config)),
      team_(std::move(team)) {}

void CpuTrunk::Forward(const PackedBatch& batch, const std::vector<int64_t>& rows,
                       float* hidden) const {
  Pass(*this, batch).Run(rows, hidden);
}

}  // namespace assay
