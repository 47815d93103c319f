#include "model/ops.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>

#include "absl/functional/function_ref.h"
#include "model/row_parallel.h"

namespace assay {
namespace {

// Rows a block: enough to hide the cost of an operator call, few enough for the cache.
constexpr int64_t kBlockRows = 32;
// torch's vectorised exponential computes the last elements of a run, short of this many, in another way.
constexpr int64_t kVectorRun = 64;
// Below this many rows or columns of the result the CPU's matrix products run kernels whose sums differ, in the last
// bits, with the number of rows.
constexpr int64_t kMinProductSide = 16;

// Runs `work` over the rows of x: whole on a device, by blocks on the CPU.
void OverRows(const at::Tensor& x, int64_t block_rows,
              absl::FunctionRef<void(int64_t begin, int64_t end)> work) {
  if (!x.is_cpu()) return work(0, x.size(0));
  ForRowBlocks(x.size(0), block_rows, work);
}

at::Tensor Rows(const at::Tensor& x, int64_t begin, int64_t end) {
  return x.narrow(0, begin, end - begin);
}

// x [n, columns] with rows of zeros added up to `rows`.
at::Tensor WithRows(const at::Tensor& x, int64_t rows) {
  return x.size(0) >= rows ? x : at::constant_pad_nd(x, {0, 0, 0, rows - x.size(0)});
}

at::Tensor ProductOnCpu(const at::Tensor& x, const at::Tensor& weight) {
  const at::Tensor product =
      at::mm(WithRows(x, kMinProductSide), WithRows(weight, kMinProductSide).t());
  return product.narrow(0, 0, x.size(0)).narrow(1, 0, weight.size(0));
}

// Frequencies [D / 2] float32 of the unscaled embedding.
at::Tensor BaseFrequencies(const ModelConfig& config) {
  const at::Tensor exponents =
      at::arange(0, config.head_dim, 2, at::kFloat).div(static_cast<double>(config.head_dim));
  return at::pow(config.rope_theta, exponents).reciprocal();
}

// Long wavelengths are stretched by `factor`, short ones kept, those between blended.
at::Tensor ScaleFrequencies(const at::Tensor& frequencies, const Llama3RopeScaling& scaling) {
  const double context = static_cast<double>(scaling.original_max_position_embeddings);
  const at::Tensor wavelengths = (2 * std::numbers::pi) / frequencies;
  const at::Tensor stretched = frequencies / scaling.factor;
  const at::Tensor smooth = (context / wavelengths - scaling.low_freq_factor) /
                            (scaling.high_freq_factor - scaling.low_freq_factor);
  const at::Tensor blended = (1 - smooth) * stretched + smooth * frequencies;
  const at::Tensor is_long = wavelengths.gt(context / scaling.low_freq_factor);
  const at::Tensor is_short = wavelengths.lt(context / scaling.high_freq_factor);
  return at::where(is_long, stretched, at::where(is_short, frequencies, blended));
}

// The segment's keys (or values), prefix first: [rows, B, D].
at::Tensor VisibleRows(const at::Tensor& x, const PackedSegment& segment) {
  const at::Tensor own = Rows(x, segment.own.begin, segment.own.end);
  if (segment.prefix.empty()) return own;
  std::vector<at::Tensor> parts;
  for (const RowRange& range : segment.prefix) parts.push_back(Rows(x, range.begin, range.end));
  parts.push_back(own);
  return at::cat(parts);
}

// [rows, B x G, D] -> [B, G, rows, D], a view: torch's attention takes B as its batch and G as its heads, so that keys
// can be broadcast over G instead of being copied G times.
at::Tensor ByKeyHead(const at::Tensor& x, int64_t key_heads) {
  return x.unflatten(1, {key_heads, x.size(1) / key_heads}).permute({1, 2, 0, 3});
}

std::optional<at::Tensor> MaskOf(const PackedSegment& segment, const AttentionPlan& plan) {
  if (segment.prefix.empty()) return std::nullopt;
  const int64_t prefix = segment.prefix_size();
  return plan.mask.narrow(0, 0, segment.own.size())
      .narrow(1, plan.mask_origin - prefix, prefix + segment.own.size());
}

// Heads first x width .. (first + count) x width - 1 of x [rows, heads, D], by key head: [count, width, rows, D].
at::Tensor SomeHeads(const at::Tensor& x, int64_t first, int64_t count, int64_t width) {
  return ByKeyHead(x.narrow(1, first * width, count * width), count);
}

// Writes the segment's rows of `out` [N, A, D] for `count` key heads from `first` on, and the query heads that read them.
void AttendWithin(const PackedSegment& segment, int64_t first, int64_t count, const at::Tensor& q,
                  const at::Tensor& k, const at::Tensor& v, const AttentionPlan& plan,
                  at::Tensor& out) {
  const int64_t group = q.size(1) / k.size(1);
  const auto keys_of = [&](const at::Tensor& x) {
    const at::Tensor visible = VisibleRows(x.narrow(1, first, count), segment);
    return ByKeyHead(visible, count).expand({-1, group, -1, -1});
  };
  const std::optional<at::Tensor> mask = MaskOf(segment, plan);
  const at::Tensor attended = at::scaled_dot_product_attention(
      SomeHeads(Rows(q, segment.own.begin, segment.own.end), first, count, group), keys_of(k),
      keys_of(v), mask, /*dropout_p=*/0.0, /*is_causal=*/!mask.has_value());
  SomeHeads(Rows(out, segment.own.begin, segment.own.end), first, count, group).copy_(attended);
}

}  // namespace

at::Tensor RmsNorm(const at::Tensor& x, const at::Tensor& weight, double eps,
                   at::ScalarType dtype) {
  at::Tensor out = at::empty(x.sizes(), x.options().dtype(dtype));
  OverRows(x, kBlockRows, [&](int64_t begin, int64_t end) {
    const at::Tensor rows = Rows(x, begin, end);
    const at::Tensor scale = rows.square().mean(-1, /*keepdim=*/true).add_(eps).rsqrt_();
    Rows(out, begin, end).copy_((rows * scale).mul_(weight));
  });
  return out;
}

at::Tensor Linear(const at::Tensor& x, const at::Tensor& weight, int64_t row_tile) {
  if (row_tile == 0) return x.is_cpu() ? ProductOnCpu(x, weight) : at::mm(x, weight.t());
  const int64_t rows = x.size(0);
  std::vector<at::Tensor> tiles;
  for (int64_t begin = 0; begin < rows; begin += row_tile) {
    const at::Tensor tile = Rows(x, begin, std::min(begin + row_tile, rows));
    tiles.push_back(Rows(at::mm(WithRows(tile, row_tile), weight.t()), 0, tile.size(0)));
  }
  return at::cat(tiles);
}

RotaryTable MakeRotaryTable(const ModelConfig& config, at::Device device) {
  at::Tensor frequencies = BaseFrequencies(config);
  if (config.rope_scaling) frequencies = ScaleFrequencies(frequencies, *config.rope_scaling);
  const at::Tensor positions = at::arange(config.max_positions, at::kFloat);
  const at::Tensor angles = positions.unsqueeze(1) * frequencies;
  return {angles.cos().to(device), angles.sin().to(device)};
}

at::Tensor Rotate(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin) {
  const int64_t half = x.size(2) / 2;
  at::Tensor out = at::empty(x.sizes(), x.options());
  OverRows(x, kBlockRows, [&](int64_t begin, int64_t end) {
    const at::Tensor rows = Rows(x, begin, end).to(at::kFloat);
    const at::Tensor c = Rows(cos, begin, end).unsqueeze(1);
    const at::Tensor s = Rows(sin, begin, end).unsqueeze(1);
    const at::Tensor first = rows.narrow(2, 0, half);
    const at::Tensor second = rows.narrow(2, half, half);
    const at::Tensor turned = Rows(out, begin, end);
    turned.narrow(2, 0, half).copy_((first * c).sub_(second * s));
    turned.narrow(2, half, half).copy_((second * c).add_(first * s));
  });
  return out;
}

AttentionPlan PlanAttention(const std::vector<PackedSegment>& segments, at::ScalarType dtype,
                            at::Device device) {
  int64_t longest_own = 0;
  int64_t longest_prefix = 0;
  for (const PackedSegment& segment : segments) {
    if (segment.prefix.empty()) continue;
    longest_own = std::max(longest_own, segment.own.size());
    longest_prefix = std::max(longest_prefix, segment.prefix_size());
  }
  AttentionPlan plan{.segments = segments, .mask = {}, .mask_origin = longest_prefix};
  if (longest_prefix > 0) {
    plan.mask = at::full({longest_own, longest_prefix + longest_own},
                         -std::numeric_limits<double>::infinity(),
                         at::TensorOptions().dtype(dtype).device(device))
                    .triu_(longest_prefix + 1);
  }
  return plan;
}

at::Tensor SegmentAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            const AttentionPlan& plan) {
  at::Tensor out = at::empty(q.sizes(), q.options());
  const int64_t key_heads = k.size(1);
  if (q.is_cpu()) {
    // One key head of one segment on one thread: torch would spread a lone segment over the threads, and its products
    // then have other last bits.
    const int64_t tasks = static_cast<int64_t>(plan.segments.size()) * key_heads;
    ForRowBlocks(tasks, /*block_rows=*/1, [&](int64_t task, int64_t) {
      const int64_t head = task % key_heads;
      AttendWithin(plan.segments[task / key_heads], head, 1, q, k, v, plan, out);
    });
  } else {
    for (const PackedSegment& segment : plan.segments) {
      AttendWithin(segment, 0, key_heads, q, k, v, plan, out);
    }
  }
  return out.flatten(1);
}

at::Tensor SwiGlu(const at::Tensor& gate, const at::Tensor& up) {
  at::Tensor out = at::empty(gate.sizes(), gate.options());
  // Rows that do not fill vectors go alone, so that their odd elements are the same in any company.
  const int64_t block_rows = gate.size(1) % kVectorRun == 0 ? kBlockRows : 1;
  OverRows(gate, block_rows, [&](int64_t begin, int64_t end) {
    const at::Tensor activated = at::silu(Rows(gate, begin, end).to(at::kFloat));
    Rows(out, begin, end).copy_(activated.mul_(Rows(up, begin, end)));
  });
  return out;
}

}  // namespace assay
