#include "model/ops.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>
#include <optional>

namespace assay {
namespace {

// Rows of a matrix product on the CPU, and columns of its result at least: below that, libraries run other kernels.
constexpr int64_t kMinProductSide = 16;

at::Tensor Rows(const at::Tensor& x, int64_t begin, int64_t end) {
  return x.narrow(0, begin, end - begin);
}

// x [n, columns] with rows of zeros added up to `rows`.
at::Tensor WithRows(const at::Tensor& x, int64_t rows) {
  return x.size(0) >= rows ? x : at::constant_pad_nd(x, {0, 0, 0, rows - x.size(0)});
}

// Each row alone, in a product of one and the same size from one and the same place in memory: libraries choose kernels, and
// with AMX the order of sums too, by the number of rows.
at::Tensor ProductOnCpu(const at::Tensor& x, const at::Tensor& weight) {
  const at::Tensor wide = WithRows(weight, kMinProductSide).t();
  const at::Tensor alone = at::zeros({kMinProductSide, x.size(1)}, x.options());
  at::Tensor product = at::empty({kMinProductSide, wide.size(1)}, x.options());
  const at::Tensor out = at::empty({x.size(0), weight.size(0)}, x.options());
  for (int64_t row = 0; row < x.size(0); ++row) {
    alone.select(0, 0).copy_(x.select(0, row));
    at::mm_out(product, alone, wide);
    out.select(0, row).copy_(product.select(0, 0).narrow(0, 0, weight.size(0)));
  }
  return out;
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

// Writes the segment's rows of `out` [N, A, D].
void AttendWithin(const PackedSegment& segment, const at::Tensor& q, const at::Tensor& k,
                  const at::Tensor& v, const AttentionPlan& plan, at::Tensor& out) {
  const int64_t key_heads = k.size(1);
  const int64_t group = q.size(1) / key_heads;
  const auto keys_of = [&](const at::Tensor& x) {
    return ByKeyHead(VisibleRows(x, segment), key_heads).expand({-1, group, -1, -1});
  };
  const auto own_of = [&](const at::Tensor& x) {
    return ByKeyHead(Rows(x, segment.own.begin, segment.own.end), key_heads);
  };
  const std::optional<at::Tensor> mask = MaskOf(segment, plan);
  own_of(out).copy_(at::scaled_dot_product_attention(own_of(q), keys_of(k), keys_of(v), mask,
                                                     /*dropout_p=*/0.0,
                                                     /*is_causal=*/!mask.has_value()));
}

}  // namespace

at::Tensor RmsNorm(const at::Tensor& x, const at::Tensor& weight, double eps,
                   at::ScalarType dtype) {
  const at::Tensor scale = x.square().mean(-1, /*keepdim=*/true).add_(eps).rsqrt_();
  return (x * scale).mul_(weight).to(dtype);
}

at::Tensor Linear(const at::Tensor& x, const at::Tensor& weight, int64_t row_tile) {
  if (row_tile == 0) return x.is_cpu() ? ProductOnCpu(x, weight) : at::mm(x, weight.t());
  const int64_t rows = x.size(0);
  const int64_t padded_rows = (rows + row_tile - 1) / row_tile * row_tile;
  const at::Tensor padded = WithRows(x, padded_rows);
  const at::Tensor out = at::empty({padded_rows, weight.size(0)}, x.options());
  for (int64_t begin = 0; begin < rows; begin += row_tile) {
    at::Tensor tile = Rows(out, begin, begin + row_tile);
    at::mm_out(tile, Rows(padded, begin, begin + row_tile), weight.t());
  }
  return Rows(out, 0, rows);
}

RotaryTable MakeRotaryTable(const ModelConfig& config, at::Device device) {
  RotaryAngles angles = MakeRotaryAngles(config);
  const auto tensor = [&](std::vector<float>& values) {
    return at::from_blob(values.data(), {config.max_positions, angles.pairs}, at::kFloat)
        .to(device, at::kFloat, /*non_blocking=*/false, /*copy=*/true);
  };
  return {tensor(angles.cos), tensor(angles.sin)};
}

at::Tensor Rotate(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin) {
  const int64_t half = x.size(2) / 2;
  const at::Tensor rows = x.to(at::kFloat);
  const at::Tensor first = rows.narrow(2, 0, half);
  const at::Tensor second = rows.narrow(2, half, half);
  const at::Tensor c = cos.unsqueeze(1);
  const at::Tensor s = sin.unsqueeze(1);
  at::Tensor out = at::empty(x.sizes(), x.options());
  out.narrow(2, 0, half).copy_((first * c).sub_(second * s));
  out.narrow(2, half, half).copy_((second * c).add_(first * s));
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
  for (const PackedSegment& segment : plan.segments) AttendWithin(segment, q, k, v, plan, out);
  return out.flatten(1);
}

at::Tensor SwiGlu(const at::Tensor& gate, const at::Tensor& up) {
  return at::silu(gate.to(at::kFloat)).mul_(up).to(gate.scalar_type());
}

}  // namespace assay
