namespace Sagan.Native.Kernels;

/// <summary>
/// q [Batch,N,Dk], k [Batch,M,Dk], v [Batch,M,Dv]. Forward 2 Batch N M (Dk + Dv) flops and memory linear in N + M.
/// With S = |scale| max_ij sum_d |q_id k_jd|, what scores are rounded by 2^-24 of: |error| at most 2e-5 + 6e-8 S relative to max |v| for o
/// and to z for z, 3e-7 S / |scale| for m; of a gradient at most 5e-6 + 6e-8 S relative to the largest sum of the absolute values of its
/// terms, which are A |g| for dv and scale A (|g| |v| + |g| |o|) times |k| or |q|. Scores that are no larger than their difference needs,
/// but exact, cost nothing.
/// </summary>
readonly record struct AttentionSpec(int Batch, int N, int M, int Dk, int Dv, float Scale);
