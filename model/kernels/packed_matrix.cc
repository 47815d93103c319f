#include "model/kernels/packed_matrix.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "model/stored_numbers.h"

namespace assay {
namespace {

constexpr float kLargestInt8 = 127;

// Writes number k of column `column` of a panel to its place: [depth / kDepth][columns][kDepth].
template <typename T, size_t kDepth, typename Convert>
void Scatter(const std::vector<float>& row, size_t column, size_t columns, T* panel,
             Convert convert) {
  for (size_t k = 0; k < row.size(); ++k) {
    panel[(k / kDepth * columns + column) * kDepth + k % kDepth] = convert(row[k]);
  }
}

// The scale of the row as bytes, and its bytes' sum. A row with a number that is none gets a scale that is none, so that
// what is computed with it is found out.
void ScatterInt8(const std::vector<float>& row, size_t column, size_t columns, int8_t* panel,
                 float* scale, int32_t* byte_sum) {
  float largest = 0;
  bool is_finite = true;
  for (float value : row) {
    largest = std::max(largest, std::abs(value));
    is_finite = is_finite && std::isfinite(value);
  }
  *scale = is_finite ? largest / kLargestInt8 : std::numeric_limits<float>::quiet_NaN();
  const float inverse = largest > 0 ? kLargestInt8 / largest : 0;
  int32_t sum = 0;
  Scatter<int8_t, 4>(row, column, columns, panel, [&](float value) {
    const int8_t rounded =
        is_finite ? static_cast<int8_t>(std::nearbyint(value * inverse)) : int8_t{0};
    sum += rounded;
    return rounded;
  });
  *byte_sum = 128 * sum;
}

}  // namespace

size_t BytesOf(Numbers numbers) {
  switch (numbers) {
    case Numbers::kFloat32:
      return 4;
    case Numbers::kBFloat16:
      return 2;
    case Numbers::kInt8:
      return 1;
  }
  return 0;
}

PackedMatrix PackMatrix(Numbers numbers, size_t panel_columns, size_t depth,
                        absl::Span<const StoredRow> rows) {
  PackedMatrix packed;
  packed.numbers = numbers;
  packed.panel_columns = panel_columns;
  packed.columns = (rows.size() + panel_columns - 1) / panel_columns * panel_columns;
  packed.depth = PaddedDepth(depth);
  packed.data.Reserve(packed.columns * packed.depth * BytesOf(numbers));
  if (numbers == Numbers::kInt8) {
    packed.scales.resize(packed.columns);
    packed.byte_sums.resize(packed.columns);
  }
  std::vector<float> row(packed.depth);
  for (size_t i = 0; i < packed.columns; ++i) {
    std::fill(row.begin(), row.end(), 0.0f);
    if (i < rows.size() && rows[i].bytes != nullptr) {
      ToFloat32(rows[i].dtype, rows[i].bytes, depth, row.data());
    }
    const size_t column = i % panel_columns;
    char* const panel = const_cast<char*>(packed.panel(i / panel_columns));
    switch (numbers) {
      case Numbers::kFloat32:
        Scatter<float, 1>(row, column, panel_columns, reinterpret_cast<float*>(panel),
                          [](float value) { return value; });
        break;
      case Numbers::kBFloat16:
        Scatter<uint16_t, 2>(row, column, panel_columns, reinterpret_cast<uint16_t*>(panel),
                             RoundToBFloat16);
        break;
      case Numbers::kInt8:
        ScatterInt8(row, column, panel_columns, reinterpret_cast<int8_t*>(panel), &packed.scales[i],
                    &packed.byte_sums[i]);
        break;
    }
  }
  return packed;
}

}  // namespace assay
