#include "model/checkpoint_form.h"

#include "tests/model/tiny_checkpoint.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::StatusIs;
using testing::TinyGatedConfig;
using testing::TinyScalarConfig;

absl::Status Adopt(const std::vector<std::string>& names, ModelConfig* config) {
  std::map<std::string, StoredTensor> tensors;
  for (const std::string& name : names) tensors[name] = {TensorDtype::kFloat32, {1, 48}, ""};
  return AdoptCheckpointForm(tensors, config);
}

TEST(CheckpointFormTest, SequenceClassificationKeepsItsTrunkUnderModel) {
  ModelConfig config = TinyScalarConfig();
  ASSERT_OK(Adopt({"model.norm.weight", "score.weight"}, &config));
  EXPECT_EQ(config.trunk_prefix, "model.");
  EXPECT_EQ(config.scalar_head, "score.weight");
}

TEST(CheckpointFormTest, AValueHeadStandsOverATrunkUnderTransformer) {
  ModelConfig config = TinyScalarConfig();
  ASSERT_OK(Adopt({"transformer.norm.weight", "v_head.weight"}, &config));
  EXPECT_EQ(config.trunk_prefix, "transformer.");
  EXPECT_EQ(config.scalar_head, "v_head.weight");
}

TEST(CheckpointFormTest, LabelsCountForSequenceClassificationOnly) {
  ModelConfig config = TinyScalarConfig();
  config.num_labels = 2;
  EXPECT_THAT(Adopt({"model.norm.weight", "score.weight"}, &config),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("num_labels is 2")));
  EXPECT_OK(Adopt({"transformer.norm.weight", "v_head.weight"}, &config));
}

TEST(CheckpointFormTest, TwoTrunksOrTwoHeadsAreDataLossNamingATensorOfEach) {
  for (ModelConfig config : {TinyScalarConfig(), TinyGatedConfig()}) {
    EXPECT_THAT(Adopt({"model.a", "model.b", "transformer.c", "score.weight"}, &config),
                StatusIs(absl::StatusCode::kDataLoss,
                         AllOf(HasSubstr("\"model.a\""), HasSubstr("\"transformer.c\""))));
    EXPECT_THAT(Adopt({"transformer.a", "score.weight", "v_head.weight"}, &config),
                StatusIs(absl::StatusCode::kDataLoss,
                         AllOf(HasSubstr("\"score.weight\""), HasSubstr("\"v_head.weight\""))));
  }
}

TEST(CheckpointFormTest, OtherCombinationsAreUnimplementedByName) {
  ModelConfig config = TinyScalarConfig();
  EXPECT_THAT(Adopt({"model.a", "v_head.weight"}, &config),
              StatusIs(absl::StatusCode::kUnimplemented,
                       AllOf(HasSubstr("v_head.weight"), HasSubstr("model.*"))));
  EXPECT_THAT(Adopt({"transformer.a", "score.weight"}, &config),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("score.weight")));
  EXPECT_EQ(config.trunk_prefix, "model.");
  ModelConfig gated = TinyGatedConfig();
  EXPECT_OK(Adopt({"model.a", "regression_layer.weight"}, &gated));
  EXPECT_THAT(Adopt({"transformer.a", "regression_layer.weight"}, &gated),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("transformer.a")));
}

TEST(CheckpointFormTest, WhatIsMissingIsLeftToBeMissedByName) {
  ModelConfig config = TinyScalarConfig();
  ASSERT_OK(Adopt({}, &config));
  EXPECT_EQ(config.trunk_prefix, "model.");
  ASSERT_OK(Adopt({"transformer.norm.weight"}, &config));
  EXPECT_EQ(config.scalar_head, "v_head.weight");
  config = TinyScalarConfig();
  // A name that only looks like a prefix.
  ASSERT_OK(Adopt({"modelling", "transformers.x"}, &config));
  EXPECT_EQ(config.trunk_prefix, "model.");
}

}  // namespace
}  // namespace assay
