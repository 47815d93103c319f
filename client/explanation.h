// client/explanation.h
// A gated model's score taken apart for people. Pure functions over a Score's vectors; decides
// nothing about where they are shown.
#ifndef ASSAY_CLIENT_EXPLANATION_H_
#define ASSAY_CLIENT_EXPLANATION_H_

#include <cstddef>
#include <string>
#include <vector>

#include "client/types.h"

namespace assay::client {

// Positions of the `count` coefficients of largest magnitude, the largest first; of equal ones the
// first in order. Fewer where there are fewer.
std::vector<size_t> TopCoefficients(const std::vector<float>& coefficients, size_t count);

// True for an objective that was trained on HelpSteer's scale of 0 to 4: its name begins with
// "helpsteer-".
bool IsHelpSteer(const std::string& objective);

// A raw reward of such an objective on that scale: raw x 5 - 0.5. Source: the demonstration on
// ArmoRM's model card.
float HelpSteerScale(float raw);

// What each objective adds to chosen.score - rejected.score: coefficient x (difference of rewards).
// Both belong to one prompt, so that their coefficients are the same. Empty where the vectors are
// empty or differ in length.
std::vector<float> MarginByObjective(const Score& chosen, const Score& rejected);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EXPLANATION_H_
