#include "model/model_config.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "model/json_fields.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using testing::StatusIs;

// ArmoRM's sizes, in the keys of older transformers.
Json ArmoRm() {
  return Json::parse(R"({
    "architectures": ["LlamaForRewardModelWithGating"], "model_type": "llama", "hidden_size": 4096,
    "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336,
    "vocab_size": 128257, "max_position_embeddings": 8192, "rms_norm_eps": 1e-05, "rope_theta": 500000.0,
    "rope_scaling": null, "hidden_act": "silu", "attention_bias": false, "torch_dtype": "bfloat16",
    "num_objectives": 19, "pretraining_tp": 1})");
}

Json Classifier() {
  Json config = ArmoRm();
  config["architectures"] = {"LlamaForSequenceClassification"};
  config["id2label"] = {{"0", "LABEL_0"}};
  config.erase("num_objectives");
  return config;
}

Json With(Json config, const std::string& key, Json value) {
  config[key] = std::move(value);
  return config;
}

Json Without(Json config, const std::string& key) {
  config.erase(key);
  return config;
}

absl::StatusOr<ModelConfig> Parse(const Json& config) { return ParseModelConfig(config.dump()); }

Json Llama3Rope() {
  return {{"rope_type", "llama3"},
          {"factor", 8.0},
          {"low_freq_factor", 1.0},
          {"high_freq_factor", 4.0},
          {"original_max_position_embeddings", 8192}};
}

TEST(ModelConfigTest, ReadsArmoRm) {
  ASSERT_OK_AND_ASSIGN(const ModelConfig config, Parse(ArmoRm()));
  EXPECT_EQ(config.architecture, "LlamaForRewardModelWithGating");
  EXPECT_EQ(config.head_kind, HeadKind::kGated);
  EXPECT_EQ(config.trunk_prefix, "model.");
  EXPECT_EQ(config.hidden_size, 4096);
  EXPECT_EQ(config.num_layers, 32);
  EXPECT_EQ(config.num_heads, 32);
  EXPECT_EQ(config.num_kv_heads, 8);
  EXPECT_EQ(config.head_dim, 128);
  EXPECT_EQ(config.intermediate_size, 14336);
  EXPECT_EQ(config.vocab_size, 128257);
  EXPECT_EQ(config.max_positions, 8192);
  EXPECT_EQ(config.rms_norm_eps, 1e-5);
  EXPECT_EQ(config.rope_theta, 500000);
  EXPECT_FALSE(config.rope_scaling.has_value());
  EXPECT_EQ(config.num_objectives, 19);
  EXPECT_EQ(config.gating_temperature, 10);
  EXPECT_EQ(config.gating_hidden_dim, 1024);
  EXPECT_EQ(config.gating_n_hidden, 3);
  EXPECT_THAT(config.gate_pattern, ElementsAre(128009, 128006, 78191, 128007, 271));
  EXPECT_EQ(config.objectives[4], "helpsteer-verbosity");
  EXPECT_EQ(config.objectives[18], "code-readability");
}

TEST(ModelConfigTest, ReadsAClassifierWithOneLabel) {
  ASSERT_OK_AND_ASSIGN(const ModelConfig config, Parse(Classifier()));
  EXPECT_EQ(config.head_kind, HeadKind::kScalar);
  EXPECT_THAT(config.objectives, SizeIs(0));
  EXPECT_OK(Parse(With(Without(Classifier(), "id2label"), "num_labels", 1)));
}

TEST(ModelConfigTest, AClassifierHasTheLabelsThatItsFileSaysAndTwoWhereItSaysNothing) {
  EXPECT_EQ(Parse(Classifier()).value().num_labels, 1);
  EXPECT_EQ(Parse(Without(Classifier(), "id2label")).value().num_labels, 2);
  EXPECT_EQ(Parse(With(Without(Classifier(), "id2label"), "num_labels", 3)).value().num_labels, 3);
  EXPECT_THAT(Parse(With(Classifier(), "num_labels", 2)),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("num_labels")));
}

TEST(ModelConfigTest, NewerRopeParametersMeanTheSameAsTheOlderKeys) {
  Json newer = Without(Without(ArmoRm(), "rope_theta"), "rope_scaling");
  newer["rope_parameters"] = Llama3Rope();
  newer["rope_parameters"]["rope_theta"] = 500000.0;
  for (const Json& json : {newer, With(ArmoRm(), "rope_scaling", Llama3Rope())}) {
    ASSERT_OK_AND_ASSIGN(const ModelConfig config, Parse(json));
    EXPECT_EQ(config.rope_theta, 500000);
    ASSERT_TRUE(config.rope_scaling.has_value());
    EXPECT_EQ(config.rope_scaling->factor, 8);
    EXPECT_EQ(config.rope_scaling->low_freq_factor, 1);
    EXPECT_EQ(config.rope_scaling->high_freq_factor, 4);
    EXPECT_EQ(config.rope_scaling->original_max_position_embeddings, 8192);
  }
}

TEST(ModelConfigTest, TwoDifferentRopeThetasAreAContradiction) {
  const Json config =
      With(ArmoRm(), "rope_parameters", {{"rope_type", "default"}, {"rope_theta", 10000.0}});
  EXPECT_THAT(Parse(config),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("rope_theta contradicts")));
}

TEST(ModelConfigTest, AnExplicitHeadDimWinsOverTheQuotient) {
  ASSERT_OK_AND_ASSIGN(const ModelConfig config, Parse(With(ArmoRm(), "head_dim", 64)));
  EXPECT_EQ(config.head_dim, 64);
}

TEST(ModelConfigTest, KeyValueHeadsDefaultToTheQueryHeads) {
  ASSERT_OK_AND_ASSIGN(const ModelConfig config, Parse(Without(ArmoRm(), "num_key_value_heads")));
  EXPECT_EQ(config.num_kv_heads, 32);
}

TEST(ModelConfigTest, ObjectivesAreNamedByTheFileThenByArmoRmThenByNumber) {
  ASSERT_OK_AND_ASSIGN(ModelConfig config, Parse(With(With(ArmoRm(), "num_objectives", 2),
                                                      "objective_names", {"kind", "brief"})));
  EXPECT_THAT(config.objectives, ElementsAre("kind", "brief"));
  ASSERT_OK_AND_ASSIGN(config, Parse(With(ArmoRm(), "num_objectives", 3)));
  EXPECT_THAT(config.objectives, ElementsAre("0", "1", "2"));
  EXPECT_THAT(Parse(With(ArmoRm(), "objective_names", {"one"})),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("objective_names")));
}

TEST(ModelConfigTest, ACheckpointsOwnGatePatternIsReadAndChecked) {
  ASSERT_OK_AND_ASSIGN(const ModelConfig config,
                       Parse(With(ArmoRm(), "gating_token_pattern", {2, 198, 1})));
  EXPECT_THAT(config.gate_pattern, ElementsAre(2, 198, 1));
  EXPECT_THAT(Parse(With(ArmoRm(), "gating_token_pattern", {2, 128257})),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("gating_token_pattern[1]")));
  EXPECT_THAT(Parse(With(ArmoRm(), "gating_token_pattern", Json::array())),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("gating_token_pattern")));
  EXPECT_THAT(Parse(With(ArmoRm(), "vocab_size", 49152)),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("gating_token_pattern")));
}

TEST(ModelConfigTest, AMissingKeyIsNamed) {
  for (const char* key :
       {"architectures", "hidden_size", "num_hidden_layers", "num_attention_heads",
        "intermediate_size", "vocab_size", "max_position_embeddings", "rms_norm_eps", "rope_theta",
        "num_objectives"}) {
    EXPECT_THAT(
        Parse(Without(ArmoRm(), key)),
        StatusIs(absl::StatusCode::kDataLoss, AllOf(HasSubstr("config.json"), HasSubstr(key))));
  }
}

TEST(ModelConfigTest, AValueOfTheWrongTypeOrOutOfRangeIsNamed) {
  for (const char* key :
       {"hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
        "vocab_size", "max_position_embeddings", "num_objectives", "head_dim"}) {
    for (const Json& value : {Json("8"), Json(0), Json(-1), Json(1.5), Json(int64_t{1} << 60),
                              Json::array(), Json::object(), Json(true)}) {
      EXPECT_THAT(Parse(With(ArmoRm(), key, value)),
                  StatusIs(absl::StatusCode::kDataLoss, HasSubstr(key)))
          << value;
    }
  }
}

TEST(ModelConfigTest, SizesThatContradictEachOtherAreNamed) {
  EXPECT_THAT(Parse(With(ArmoRm(), "num_key_value_heads", 5)),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("num_key_value_heads")));
  EXPECT_THAT(Parse(With(ArmoRm(), "hidden_size", 4097)),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("hidden_size")));
  EXPECT_THAT(Parse(With(ArmoRm(), "head_dim", 63)),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("head_dim")));
}

TEST(ModelConfigTest, WhatThisBuildDoesNotKnowIsUnimplementedByName) {
  const auto unknown = [](const char* key, Json value) {
    EXPECT_THAT(Parse(With(ArmoRm(), key, std::move(value))),
                StatusIs(absl::StatusCode::kUnimplemented, HasSubstr(key)));
  };
  unknown("attention_bias", true);
  unknown("mlp_bias", true);
  unknown("quantization_config", {{"bits", 4}});
  unknown("sliding_window", 4096);
  unknown("hidden_act", "gelu");
  unknown("pretraining_tp", 2);
  unknown("model_type", "mistral");
  unknown("partial_rotary_factor", 0.5);
  unknown("rope_scaling", {{"type", "linear"}, {"factor", 2.0}});
  EXPECT_THAT(Parse(With(ArmoRm(), "architectures", {"LlamaForCausalLM"})),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("LlamaForCausalLM")));
}

TEST(ModelConfigTest, ALlama3ScalingWithoutItsKeysIsDamaged) {
  for (const char* key :
       {"factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"}) {
    EXPECT_THAT(Parse(With(ArmoRm(), "rope_scaling", Without(Llama3Rope(), key))),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr(key)));
  }
  EXPECT_THAT(Parse(With(ArmoRm(), "rope_scaling", With(Llama3Rope(), "low_freq_factor", 4.0))),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("low_freq_factor")));
  EXPECT_THAT(Parse(With(ArmoRm(), "rope_scaling", {{"factor", 8.0}})),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("rope_type")));
}

TEST(ModelConfigTest, TextThatIsNoObjectIsDataLoss) {
  for (const char* text : {"", "{", "[]", "null", "3", "{\"a\":}", "\xff"}) {
    EXPECT_THAT(ParseModelConfig(text),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("config.json")));
  }
}

}  // namespace
}  // namespace assay
