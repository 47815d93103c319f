#include "client/model_identity.h"

#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::StatusIs;
using ::testing::HasSubstr;

ModelInfo ModelOf() {
  ModelInfo model;
  model.name = "m";
  model.revision = "r";
  model.weights_hash = "w";
  model.config_hash = "c";
  model.tokenizer_hash = "t";
  model.template_hash = "h";
  model.architecture = "a";
  model.objectives = {"x", "y"};
  model.chat_template = "llama3";
  model.dtype = "bfloat16";
  model.heads = "precise";
  model.devices = {"cpu"};
  model.score_error = ScoreError{.score = {1, 0.5, 0.25, 0.125},
                                 .margin = {2, 1, 0.5, 0.25},
                                 .data = {"d"},
                                 .measured_on = "here"};
  return model;
}

TEST(ModelIdentityTest, AModelIsReadBackAsItWas) {
  for (const bool is_measured : {true, false}) {
    ModelInfo model = ModelOf();
    if (!is_measured) model.score_error.reset();
    ASSERT_OK_AND_ASSIGN(const ModelInfo back, ParseModelIdentity(ModelIdentityJson(model)));
    EXPECT_EQ(ModelIdentityJson(back), ModelIdentityJson(model));
    EXPECT_EQ(back.score_error.has_value(), is_measured);
  }
}

TEST(ModelIdentityTest, AFieldMissingOrOfAnotherTypeIsNamed) {
  const Json good = ModelIdentityJson(ModelOf());
  for (const auto& [key, value] : good.items()) {
    Json bad = good;
    bad.erase(key);
    EXPECT_THAT(ParseModelIdentity(bad),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(key)));
    bad[key] = 7;
    EXPECT_THAT(ParseModelIdentity(bad), StatusIs(absl::StatusCode::kInvalidArgument)) << key;
  }
  EXPECT_THAT(ParseModelIdentity(Json(3)), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace assay::client
