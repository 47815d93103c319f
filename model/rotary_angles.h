// model/rotary_angles.h
// The angles of the rotary embedding. Knows no torch.
#ifndef ASSAY_MODEL_ROTARY_ANGLES_H_
#define ASSAY_MODEL_ROTARY_ANGLES_H_

#include <cstdint>
#include <vector>

#include "model/model_config.h"

namespace assay {

// Cosine and sine of every position's angles, each [max_positions, D / 2] float32, row-major. The angle of pair i at
// position p is p x theta^(-2i/D), frequencies scaled as the config says, in float32 as in the reference.
// Source: Su et al. 2021, "RoFormer", section 3.4.2; scaling: transformers, modeling_rope_utils.py,
// _compute_llama3_parameters.
struct RotaryAngles {
  int64_t pairs = 0;  // D / 2
  std::vector<float> cos;
  std::vector<float> sin;
};
RotaryAngles MakeRotaryAngles(const ModelConfig& config);

}  // namespace assay

#endif  // ASSAY_MODEL_ROTARY_ANGLES_H_
