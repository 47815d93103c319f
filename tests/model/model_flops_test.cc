#include "model/model_flops.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

TEST(ModelFlopsTest, EachValueOfTheTrunksMatricesIsTwoOperationsAToken) {
  ModelConfig config = {};
  config.hidden_size = 8;
  config.num_layers = 3;
  config.num_heads = 4;
  config.num_kv_heads = 2;
  config.head_dim = 2;
  config.intermediate_size = 10;
  config.vocab_size = 1000;  // An embedding is looked up, not multiplied.
  const double layer = 8 * 8 + 2 * 4 * 8 + 8 * 8 + 3 * 10 * 8;
  EXPECT_EQ(TrunkFlopsPerToken(config), 2 * 3 * layer);
}

TEST(ModelFlopsTest, ATrunkOfEightBillionTakesFourteenBillionOperationsAToken) {
  ModelConfig llama = {};
  llama.hidden_size = 4096;
  llama.num_layers = 32;
  llama.num_heads = 32;
  llama.num_kv_heads = 8;
  llama.head_dim = 128;
  llama.intermediate_size = 14336;
  EXPECT_NEAR(TrunkFlopsPerToken(llama), 13.96e9, 0.01e9);  // 8.03e9 values less the embeddings.
}

TEST(ModelFlopsTest, OnlyPublishedFiguresAreTold) {
  EXPECT_EQ(PublishedFlops("NVIDIA H100 80GB HBM3", "bfloat16"), 989.4e12);
  EXPECT_EQ(PublishedFlops("NVIDIA H100 80GB HBM3", "fp8"), 1978.9e12);
  EXPECT_EQ(PublishedFlops("NVIDIA H100 PCIe", "bfloat16"), 0);  // A slower card.
  EXPECT_EQ(PublishedFlops("NVIDIA H100 80GB HBM3", "float32"), 0);
  EXPECT_EQ(PublishedFlops("AMD EPYC 7763", "bfloat16"), 0);
}

}  // namespace
}  // namespace assay
