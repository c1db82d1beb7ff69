/// The table of published systems: slug, title, family, kind and scope, one row a line, separated by tabs.
let catalogueTable = #"""
    brain	BRAIn: Bayesian Reward-conditioned Amortized Inference for natural language generation from feedback	preference-rlhf	algorithm	core
    cpl	Contrastive Prefence Learning: Learning from Human Feedback without RL	preference-rlhf	algorithm	core
    curry-dpo	Curry-DPO: Enhancing Alignment using Curriculum Learning & Ranked Preferences	preference-rlhf	algorithm	core
    daa-overoptimization	Scaling Laws for Reward Model Overoptimization in Direct Alignment Algorithms	preference-rlhf	analysis	core
    dno	Direct Nash Optimization: Teaching Language Models to Self-Improve with General Preferences	preference-rlhf	algorithm	core
    dpa	Arithmetic Control of LLMs for Diverse User Preferences: Directional Preference Alignment with Multi-Objective Rewards	preference-rlhf	algorithm	core
    dpo-implicit-reward	On the Limited Generalization Capability of the Implicit Reward Model Induced by Direct Preference Optimization	preference-rlhf	analysis	core
    dr-po	Dataset Reset Policy Optimization for RLHF	preference-rlhf	algorithm	core
    f-dpo	Beyond Reverse KL: Generalizing Direct Preference Optimization with Diverse Divergence Constraints	preference-rlhf	algorithm	core
    fine-grained-rlhf	Fine-Grained Human Feedback Gives Better Rewards for Language Model Training	preference-rlhf	algorithm	core
    generation-verification-gap	All Roads Lead to Likelihood: The Value of Reinforcement Learning in Fine-Tuning	preference-rlhf	analysis	core
    heron	Deep Reinforcement Learning from Hierarchical Weak Preference Feedback	preference-rlhf	algorithm	core
    icpl	Few-shot In-Context Preference Learning Using Large Language Models	preference-rlhf	algorithm	core
    inpo	Iterative Nash Policy Optimization: Aligning LLMs with General Preferences via No-Regret Learning	preference-rlhf	algorithm	core
    nash-md	Nash Learning from Human Feedback	preference-rlhf	algorithm	core
    offline-rl-vlm-f	Real-World Offline Reinforcement Learning from Vision Language Model Feedback	preference-rlhf	application	core
    oppo	Beyond Reward: Offline Preference-guided Policy Optimization	preference-rlhf	algorithm	core
    osp	Online Self-Preferring Language Models	preference-rlhf	algorithm	core
    overoptimization-scaling	Scaling Laws for Reward Model Overoptimization	preference-rlhf	analysis	core
    parl	PARL: A Unified Framework for Policy Alignment in Reinforcement Learning	preference-rlhf	framework	core
    ppo-max	Secrets of RLHF in Large Language Models Part I: PPO	preference-rlhf	analysis	core
    pr-lsvi	Making RL with Preference-based Feedback Efficient via Randomization	preference-rlhf	theory	core
    preference-degree	Self-supervised Preference Optimization: Enhance Your Language Model with Preference Degree Awareness	preference-rlhf	algorithm	core
    preference-topology	Reward Generalization in RLHF: A Topological Perspective	preference-rlhf	framework	core
    r-to-q	From r to Q^*: Your Language Model is Secretly a Q-Function	preference-rlhf	theory	core
    r1-reward	R1-Reward: Training Multimodal Reward Model Through Stable Reinforcement Learning	preference-rlhf	algorithm	core
    rdpo	Provably Robust DPO: Aligning Language Models with Noisy Feedback	preference-rlhf	algorithm	core
    rebel	REBEL: Reinforcement Learning via Regressing Relative Rewards	preference-rlhf	algorithm	core
    refuel	Regressing the Relative Future: Efficient Policy Optimization for Multi-turn RLHF	preference-rlhf	algorithm	core
    regret-preference	Models of human preference for learning reward functions	preference-rlhf	algorithm	core
    reward-consistency	The Trickle-down Impact of Reward (In-)consistency on RLHF	preference-rlhf	benchmark	core
    reward-ensembles	Reward Model Ensembles Help Mitigate Overoptimization	preference-rlhf	algorithm	core
    reward-model-evaluation	Rethinking Reward Model Evaluation: Are We Barking up the Wrong Tree?	preference-rlhf	analysis	core
    reward-modeling-secrets	Secrets of RLHF in Large Language Models Part II: Reward Modeling	preference-rlhf	analysis	core
    rlhf-workflow	RLHF Workflow: From Reward Modeling to Online RLHF	preference-rlhf	framework	core
    rlhs	RLHS: Mitigating Misalignment in RLHF with Hindsight Simulation	preference-rlhf	algorithm	core
    rlvf	RLVF: Learning from Verbal Feedback without Overgeneralization	preference-rlhf	algorithm	core
    rpo	Provably Mitigating Overoptimization in RLHF: Your SFT Loss is Implicitly an Adversarial Regularizer	preference-rlhf	algorithm	core
    rso	Statistical Rejection Sampling Improves Preference Optimization	preference-rlhf	algorithm	core
    simplemix	SIMPLEMIX: Frustratingly Simple Mixing of Off- and On-policy Data in Language Model Preference Learning	preference-rlhf	algorithm	core
    social-welfare-learning	Learning Social Welfare Functions	preference-rlhf	algorithm	core
    spo	A Minimaximalist Approach to Reinforcement Learning from Human Feedback	preference-rlhf	algorithm	core
    srpo	Self-Improving Robust Preference Optimization	preference-rlhf	algorithm	core
    themis	Tool-Augmented Reward Modeling	preference-rlhf	algorithm	core
    vpl	Personalizing Reinforcement Learning from Human Feedback with Variational Preference Learning	preference-rlhf	algorithm	core
    vpo	Value-Incentivized Preference Optimization: A Unified Approach to Online and Offline RLHF	preference-rlhf	algorithm	core
    wpo	WPO: Enhancing RLHF with Weighted Preference Optimization	preference-rlhf	algorithm	core
    xpo	Exploratory Preference Optimization: Harnessing Implicit Q*-Approximation for Sample-Efficient RLHF	preference-rlhf	algorithm	core
    alignment-ceiling	The Alignment Ceiling: Objective Mismatch in Reinforcement Learning from Human Feedback	preference-rlhf	position	adjacent
    preference-tuning-survey	Preference Tuning with Human Feedback on Language, Speech, and Vision Tasks: A Survey	preference-rlhf	survey	adjacent
    rewardmath	Evaluating Robustness of Reward Models for Mathematical Reasoning	preference-rlhf	benchmark	adjacent
    rlhf-as-online-irl	Reinforcement Learning in the Era of LLMs: What is Essential? What is needed? An RL Perspective on RLHF, Prompting, and Beyond	preference-rlhf	survey	adjacent
    rlhf-statistics	Reinforcement Learning from Human Feedback: A Statistical Perspective	preference-rlhf	survey	adjacent
    rlhf-survey	A Survey of Reinforcement Learning from Human Feedback	preference-rlhf	survey	adjacent
    ultrafeedback	UltraFeedback: Boosting Language Models with High-quality Feedback	preference-rlhf	dataset	adjacent
    a2pr	Adaptive Advantage-Guided Policy Regularization for Offline Reinforcement Learning	offline-rl	algorithm	core
    cfpi	Offline Reinforcement Learning with Closed-Form Policy Improvement Operators	offline-rl	algorithm	core
    consistency-policy	Consistency Models as a Rich and Efficient Policy Class for Reinforcement Learning	offline-rl	algorithm	core
    dataset-perspective	A Dataset Perspective on Offline Reinforcement Learning	offline-rl	analysis	core
    decision-diffuser	Is Conditional Generative Modeling all you need for Decision-Making?	offline-rl	algorithm	core
    decision-s4	Decision S4: Efficient Sequence-Based RL via State Spaces Layers	offline-rl	algorithm	core
    dichotomy-of-control	Dichotomy of Control: Separating What You Can Control from What You Cannot	offline-rl	algorithm	core
    dual-rl	Dual RL: Unification and New Methods for Reinforcement and Imitation Learning	offline-rl	algorithm	core
    famo2o	Train Once, Get a Family: State-Adaptive Balances for Offline-to-Online Reinforcement Learning	offline-rl	algorithm	core
    gorl	Hundreds Guide Millions: Adaptive Offline Reinforcement Learning with Expert Guidance	offline-rl	algorithm	core
    h2o	When to Trust Your Simulator: Dynamics-Aware Hybrid Offline-and-Online Reinforcement Learning	offline-rl	algorithm	core
    harmodt	HarmoDT: Harmony Multi-Task Decision Transformer for Offline Reinforcement Learning	offline-rl	algorithm	core
    lcb-pessimism	Bridging Offline Reinforcement Learning and Imitation Learning: A Tale of Pessimism	offline-rl	theory	core
    mbrcsl	Free from Bellman Completeness: Trajectory Stitching via Model-based Return-conditioned Supervised Learning	offline-rl	algorithm	core
    nfqi	Nested Policy Reinforcement Learning	offline-rl	algorithm	core
    oap	Boosting Offline Reinforcement Learning with Action Preference Query	offline-rl	algorithm	core
    observation-histories	Offline RL with Observation Histories: Analyzing and Improving Sample Complexity	offline-rl	algorithm	core
    oer	Offline Experience Replay for Continual Offline Reinforcement Learning	offline-rl	algorithm	core
    offline-mbrl-choices	Revisiting Design Choices in Offline Model-Based Reinforcement Learning	offline-rl	analysis	core
    policy-guided-diffusion	Policy-Guided Diffusion	offline-rl	algorithm	core
    prdc	Policy Regularization with Dataset Constraint for Offline Reinforcement Learning	offline-rl	algorithm	core
    ravl	The Edge-of-Reach Problem in Offline Model-Based Reinforcement Learning	offline-rl	algorithm	core
    spot	Supported Policy Optimization for Offline Reinforcement Learning	offline-rl	algorithm	core
    ss-orl	Semi-Supervised Offline Reinforcement Learning with Action-Free Trajectories	offline-rl	algorithm	core
    td-sl-stitching	Closing the Gap between TD Learning and Supervised Learning -- A Generalisation Point of View	offline-rl	analysis	core
    d5rl	D5RL: Diverse Datasets for Data-Driven Deep Reinforcement Learning	offline-rl	benchmark	adjacent
    imaginebench	ImagineBench: Evaluating Reinforcement Learning with Large Language Model Rollouts	offline-rl	benchmark	adjacent
    multi-batch-rl	Sample-Efficiency in Multi-Batch Reinforcement Learning: The Need for Dimension-Dependent Adaptivity	offline-rl	theory	adjacent
    neorl-2	NeoRL-2: Near Real-World Benchmarks for Offline Reinforcement Learning with Extended Realistic Scenarios	offline-rl	benchmark	adjacent
    crossloco	CrossLoco: Human Motion Driven Control of Legged Robots via Guided Unsupervised Reinforcement Learning	robotics	algorithm	core
    dynaguide	DynaGuide: Steering Diffusion Polices with Active Dynamic Guidance	robotics	algorithm	core
    large-reward-models	Large Reward Models: Generalizable Online Robot Reward Generation with Vision-Language Models	robotics	framework	core
    mcdp	Modality-Composable Diffusion Policy via Inference-Time Distribution-level Composition	robotics	algorithm	core
    poco	PoCo: Policy Composition from and for Heterogeneous Robot Learning	robotics	algorithm	core
    procvlm	ProcVLM: Learning Procedure-Grounded Progress Rewards for Robotic Manipulation	robotics	framework	core
    robo-dopamine	Robo-Dopamine: General Process Reward Modeling for High-Precision Robotic Manipulation	robotics	framework	core
    serl	SERL: A Software Suite for Sample-Efficient Robotic Reinforcement Learning	robotics	framework	core
    sparse-diffusion-policy	Sparse Diffusion Policy: A Sparse, Reusable, and Flexible Policy for Robot Learning	robotics	algorithm	core
    v-gps	Steering Your Generalists: Improving Robotic Foundation Models via Value Guidance	robotics	algorithm	core
    yay-robot	Yell At Your Robot: Improving On-the-Fly from Language Corrections	robotics	algorithm	core
    asid	ASID: Active Exploration for System Identification in Robotic Manipulation	robotics	algorithm	adjacent
    bidexhd	Learning Diverse Bimanual Dexterous Manipulation Skills from Human Demonstrations	robotics	framework	adjacent
    cable-routing	Multi-Stage Cable Routing through Hierarchical Imitation Learning	robotics	framework	adjacent
    cad2rl	CAD2RL: Real Single-Image Flight without a Single Real Image	robotics	application	adjacent
    factored-scaling-curves	Guiding Data Collection via Factored Scaling Curves	robotics	framework	adjacent
    gen2sim	Gen2Sim: Scaling up Robot Learning in Simulation with Generative Models	robotics	framework	adjacent
    generalist-tuning	Effective Tuning Strategies for Generalist Robot Manipulation Policies	robotics	analysis	adjacent
    litevlp	Towards Fast, Memory-based and Data-Efficient Vision-Language Policy	robotics	algorithm	adjacent
    multi-fidelity-quadrotor	Multi-Fidelity Reinforcement Learning for Time-Optimal Quadrotor Re-planning	robotics	application	adjacent
    quadrotor-swarm	Decentralized Control of Quadrotor Swarms with End-to-end Deep Reinforcement Learning	robotics	application	adjacent
    robodual	Towards Synergistic, Generalized, and Efficient Dual-System for Robotic Manipulation	robotics	algorithm	adjacent
    simpler	Evaluating Real-World Robot Manipulation Policies in Simulation	robotics	benchmark	adjacent
    swarm-collision-avoidance	Collision Avoidance and Navigation for a Quadrotor Swarm Using End-to-end Deep Reinforcement Learning	robotics	application	adjacent
    table-tennis	Robotic Table Tennis: A Case Study into a High Speed Learning System	robotics	application	adjacent
    yoto	You Only Teach Once: Learn One-Shot Bimanual Robotic Manipulation from Video Demonstrations	robotics	framework	adjacent
    event-camera-biasing	Enhancing Visual Place Recognition via Fast and Slow Adaptive Biasing in Event Cameras	robotics	application	outside
    average-reward-ddpg	Off-Policy Average Reward Actor-Critic with Deterministic Policy Search	policy-gradient	algorithm	core
    best-of-both-worlds	Best of Both Worlds Policy Optimization	policy-gradient	theory	core
    counterpol	Counterfactual Explanation Policies in RL	policy-gradient	algorithm	core
    delay-adapted-po	Delay-Adapted Policy Optimization and Improved Regret for Adversarial MDP with Delayed Bandit Feedback	policy-gradient	algorithm	core
    dppo	Diffusion Policy Policy Optimization	policy-gradient	algorithm	core
    dropout-ppo	Dropout Strategy in Reinforcement Learning: Limiting the Surrogate Objective Variance in Policy Optimization Methods	policy-gradient	algorithm	core
    dynamic-policy-gradient	Beyond Stationarity: Convergence Analysis of Stochastic Softmax Policy Gradient Methods	policy-gradient	theory	core
    fisher-non-degenerate-pg	Stochastic Policy Gradient Methods: Improved Sample Complexity for Fisher-non-degenerate Policies	policy-gradient	theory	core
    gae	High-Dimensional Continuous Control Using Generalized Advantage Estimation	policy-gradient	algorithm	core
    general-utilities	Reinforcement Learning with General Utilities: Simpler Variance Reduction and Large State-Action Space	policy-gradient	algorithm	core
    gradient-subspaces	Identifying Policy Gradient Subspaces	policy-gradient	analysis	core
    hac-npg	Offline Data Enhanced On-Policy Policy Gradient with Provable Guarantees	policy-gradient	algorithm	core
    hyperppo	HyperPPO: A scalable method for finding small policies for robotic control	policy-gradient	algorithm	core
    lpo	Low-Switching Policy Gradient with Exploration via Online Sensitivity Sampling	policy-gradient	theory	core
    mdpo	Mirror Descent Policy Optimization	policy-gradient	algorithm	core
    mex	One Objective to Rule Them All: A Maximization Objective Fusing Estimation and Planning for Exploration	policy-gradient	algorithm	core
    optimal-actor-critic	Actor-Critics Can Achieve Optimal Sample Efficiency	policy-gradient	theory	core
    pdppo	A Reinforcement Learning Method for Environments with Stochastic Variables: Post-Decision Proximal Policy Optimization with Dual Critic Networks	policy-gradient	algorithm	core
    pmoe	Probabilistic Mixture-of-Experts for Efficient Deep Reinforcement Learning	policy-gradient	algorithm	core
    policy-gradient-guide	The Definitive Guide to Policy Gradients in Deep Reinforcement Learning: Theory, Algorithms and Implementations	policy-gradient	survey	core
    polyak-pg	Enhancing Policy Gradient with the Polyak Step-Size Adaption	policy-gradient	algorithm	core
    ppo-ewma	Batch size-invariance for policy optimization	policy-gradient	algorithm	core
    s2pg	Time-Efficient Reinforcement Learning with Stochastic Stateful Policies	policy-gradient	algorithm	core
    tce	Open the Black Box: Step-based Policy Updates for Temporally-Correlated Episodic Reinforcement Learning	policy-gradient	algorithm	core
    trpo	Trust Region Policy Optimization	policy-gradient	algorithm	core
    truncated-trajectories	Truncating Trajectories in Monte Carlo Reinforcement Learning	policy-gradient	algorithm	core
    absolute-zero	Absolute Zero: Reinforced Self-play Reasoning with Zero Data	llm-rl	algorithm	core
    acereason	AceReason-Nemotron: Advancing Math and Code Reasoning through Reinforcement Learning	llm-rl	application	core
    amft	AMFT: Aligning LLM Reasoners by Meta-Learning the Optimal Imitation-Exploration Balance	llm-rl	algorithm	core
    b-coder	B-Coder: Value-Based Deep Reinforcement Learning for Program Synthesis	llm-rl	algorithm	core
    copg	Contrastive Policy Gradient: Aligning LLMs on sequence-level scores in a supervised-friendly fashion	llm-rl	algorithm	core
    daslam	Small Language Models Fine-tuned to Coordinate Larger Language Models improve Complex Reasoning	llm-rl	algorithm	core
    disco	DisCO: Reinforcing Large Reasoning Models with Discriminative Constrained Optimization	llm-rl	algorithm	core
    effective-prm-reward	On Designing Effective RL Reward at Training Time for LLM Reasoning	llm-rl	algorithm	core
    g-ra	Stabilizing Long-term Multi-turn Reinforcement Learning with Gated Rewards	llm-rl	algorithm	core
    llamarl	LlamaRL: A Distributed Asynchronous Reinforcement Learning Framework for Efficient Large-scale LLM Training	llm-rl	framework	core
    med-prm	Med-PRM: Medical Reasoning Models with Stepwise, Guideline-verified Process Rewards	llm-rl	algorithm	core
    meds-3	MedS^3: Towards Medical Small Language Models with Self-Evolved Slow Thinking	llm-rl	application	core
    negative-reinforcement	The Surprising Effectiveness of Negative Reinforcement in LLM Reasoning	llm-rl	analysis	core
    nft	Bridging Supervised Learning and Reinforcement Learning in Math Reasoning	llm-rl	algorithm	core
    p3o	Pairwise Proximal Policy Optimization: Harnessing Relative Feedback for LLM Alignment	llm-rl	algorithm	core
    pairwise-rl	A Unified Pairwise Framework for RLHF: Bridging Generative Reward Modeling and Policy Optimization	llm-rl	algorithm	core
    par	Reward Shaping to Mitigate Reward Hacking in RLHF	llm-rl	algorithm	core
    pf-ppo	Policy Filtration in RLHF to Fine-Tune LLM for Code Generation	llm-rl	algorithm	core
    semi-online-dpo	Bridging Offline and Online Reinforcement Learning for LLMs	llm-rl	analysis	core
    toolrl	ToolRL: Reward is All Tool Learning Needs	llm-rl	analysis	core
    tulu-3	TÜLU 3: Pushing Frontiers in Open Language Model Post-Training	llm-rl	framework	core
    writing-zero	Writing-Zero: Bridge the Gap Between Non-verifiable Problems and Verifiable Rewards	llm-rl	algorithm	core
    musicrl	MusicRL: Aligning Music Generation to Human Preferences	llm-rl	application	adjacent
    pass-at-k-limits	Does Reinforcement Learning Really Incentivize Reasoning Capacity in LLMs Beyond the Base Model?	llm-rl	analysis	adjacent
    search-and-learning	Scaling of Search and Learning: A Roadmap to Reproduce o1 from Reinforcement Learning Perspective	llm-rl	survey	adjacent
    make-an-agent	Make-An-Agent: A Generalizable Policy Network Generator with Behavior-Prompted Diffusion	representation-generative-supervised	algorithm	core
    dime	Estimating Conditional Mutual Information for Dynamic Feature Selection	representation-generative-supervised	algorithm	adjacent
    g-pt	Learning to Learn with Generative Models of Neural Network Checkpoints	representation-generative-supervised	algorithm	adjacent
    intrinsic-dimension	Measuring the Intrinsic Dimension of Objective Landscapes	representation-generative-supervised	analysis	adjacent
    noise-mask	Policy Gradient-Driven Noise Mask	representation-generative-supervised	algorithm	adjacent
    programmable-vi	Probabilistic Programming with Programmable Variational Inference	representation-generative-supervised	framework	adjacent
    adaptive-gradient-modulation	Boosting Multi-modal Model Performance with Adaptive Gradient Modulation	representation-generative-supervised	algorithm	outside
    automix	AutoMix: Unveiling the Power of Mixup for Stronger Classifiers	representation-generative-supervised	algorithm	outside
    comp-sum-losses	Cross-Entropy Loss Functions: Theoretical Analysis and Applications	representation-generative-supervised	theory	outside
    double-descent-optimization	Understanding the Role of Optimization in Double Descent	representation-generative-supervised	analysis	outside
    hpcr	HPCR: Holistic Proxy-based Contrastive Replay for Online Continual Learning	representation-generative-supervised	algorithm	outside
    in2in	in2IN: Leveraging individual Information to Generate Human INteractions	representation-generative-supervised	algorithm	outside
    inner-loop-feedback	Accelerate High-Quality Diffusion Models with Inner Loop Feedback	representation-generative-supervised	algorithm	outside
    lg2ar	Learning Graph Augmentations to Learn Graph Representations	representation-generative-supervised	algorithm	outside
    mis-fitting	(Mis)Fitting: A Survey of Scaling Laws	representation-generative-supervised	survey	outside
    nhl	Neuro-Modulated Hebbian Learning for Fully Test-Time Adaptation	representation-generative-supervised	algorithm	outside
    nli-compliance	Compliance Checking with NLI: Privacy Policies vs. Regulations	representation-generative-supervised	application	outside
    ofvl-ms	OFVL-MS: Once for Visual Localization across Multiple Indoor Scenes	representation-generative-supervised	algorithm	outside
    photoguard	Raising the Cost of Malicious AI-Powered Image Editing	representation-generative-supervised	algorithm	outside
    prunenet	You Only Prune Once: Designing Calibration-Free Model Compression With Policy Learning	representation-generative-supervised	algorithm	outside
    roco	On the Efficacy of Eviction Policy for Key-Value Constrained Generative Language Model Inference	representation-generative-supervised	algorithm	outside
    spm	One-dimensional Adapter to Rule Them All: Concepts, Diffusion Models and Erasing Applications	representation-generative-supervised	algorithm	outside
    ste	Self-Supervised Text Erasing with Controllable Image Synthesis	representation-generative-supervised	algorithm	outside
    surgical-feedback	Multi-Modal Self-Supervised Learning for Surgical Feedback Effectiveness Assessment	representation-generative-supervised	application	outside
    trade-forecasting	Application of Machine Learning in Forecasting International Trade Trends	representation-generative-supervised	application	outside
    auto-mc-reward	Auto MC-Reward: Automated Dense Reward Design with Large Language Models for Minecraft	reward-design	framework	core
    barfi	Behavior Alignment via Reward Function Optimization	reward-design	algorithm	core
    calm	Assessing the Zero-Shot Capabilities of LLMs for Action Evaluation in RL	reward-design	algorithm	core
    correlated-proxies	Correlated Proxies: A New Definition and Improved Mitigation for Reward Hacking	reward-design	algorithm	core
    curio	Enhancing Personalized Multi-Turn Dialogue with Curiosity Reward	reward-design	algorithm	core
    debate-reward	Reward Design for Justifiable Sequential Decision-Making	reward-design	algorithm	core
    derl	Differentiable Evolutionary Reinforcement Learning	reward-design	algorithm	core
    dlm	A Decision-Language Model (DLM) for Dynamic Restless Multi-Armed Bandit Tasks in Public Health	reward-design	framework	core
    explainable-dense-reward	Learning Explainable Dense Reward Shapes via Bayesian Optimization	reward-design	algorithm	core
    exprd	Reward Design for Reinforcement Learning Agents	reward-design	framework	core
    gvl	Vision Language Models are In-Context Value Learners	reward-design	algorithm	core
    oni	Online Intrinsic Rewards for Decision Making Agents from Large Language Model Feedback	reward-design	algorithm	core
    path-recourse	Personalized Path Recourse	reward-design	algorithm	core
    starc	STARC: A General Framework For Quantifying Differences Between Reward Functions	reward-design	framework	core
    subpo	Submodular Reinforcement Learning	reward-design	algorithm	core
    text2reward	Text2Reward: Automated Dense Reward Function Generation for Reinforcement Learning	reward-design	framework	core
    vlm-rm	Vision-Language Models are Zero-Shot Reward Models for Reinforcement Learning	reward-design	algorithm	core
    dense-rewards	Towards better dense rewards in Reinforcement Learning Applications	reward-design	survey	adjacent
    reward-engineering-overview	Comprehensive Overview of Reward Engineering and Shaping in Advancing Reinforcement Learning Applications	reward-design	survey	adjacent
    reward-specification	Effective Reward Specification in Deep Reinforcement Learning	reward-design	survey	adjacent
    d3po	Using Human Feedback to Fine-tune Diffusion Models without Any Reward Model	diffusion-alignment	algorithm	core
    ddpo	Training Diffusion Models with Reinforcement Learning	diffusion-alignment	algorithm	core
    doit	Training-Free Adaptation of Diffusion Models via Doob's h-Transform	diffusion-alignment	algorithm	core
    dragon	DRAGON: Distributional Rewards Optimize Diffusion Generative Models	diffusion-alignment	framework	core
    drakes	Fine-Tuning Discrete Diffusion Models via Reward Optimization with Applications to DNA and Protein Design	diffusion-alignment	algorithm	core
    eda	Aligning Diffusion Behaviors with Q-functions for Efficient Continuous Control	diffusion-alignment	algorithm	core
    feynman-kac	A General Framework for Inference-time Scaling and Steering of Diffusion Models	diffusion-alignment	framework	core
    flow-dpo	Improving Video Generation with Human Feedback	diffusion-alignment	framework	core
    instructvideo	InstructVideo: Instructing Video Diffusion Models with Human Feedback	diffusion-alignment	algorithm	core
    loop	A Simple and Effective Reinforcement Learning Method for Text-to-Image Diffusion Fine-tuning	diffusion-alignment	algorithm	core
    marble	MARBLE: Multi-Aspect Reward Balance for Diffusion RL	diffusion-alignment	algorithm	core
    prdp	PRDP: Proximal Reward Difference Prediction for Large-Scale Reward Finetuning of Diffusion Models	diffusion-alignment	algorithm	core
    sepo	Fine-Tuning Discrete Diffusion Models with Policy Gradient Methods	diffusion-alignment	algorithm	core
    seppo	SePPO: Semi-Policy Preference Optimization for Diffusion Alignment	diffusion-alignment	algorithm	core
    stl-diffusion	Diverse Controllable Diffusion Policy with Signal Temporal Logic	diffusion-alignment	algorithm	core
    tdm-r1	TDM-R1: Reinforcing Few-Step Diffusion Models with Non-Differentiable Reward	diffusion-alignment	algorithm	core
    tp-grpo	Alleviating Sparse Rewards by Modeling Step-Wise and Long-Term Sampling Effects in Flow-Based GRPO	diffusion-alignment	algorithm	core
    simplear	SimpleAR: Pushing the Frontier of Autoregressive Visual Generation through Pretraining, SFT, and RL	diffusion-alignment	algorithm	adjacent
    dialogue-two-stage	Policy Networks with Two-Stage Training for Dialogue Systems	application-env	application	core
    jssp	Learning to schedule job-shop problems: Representation and policy learning using graph neural network and reinforcement learning	application-env	algorithm	core
    rlb	Real-Time Bidding by Reinforcement Learning in Display Advertising	application-env	algorithm	core
    roguelike-npc	Deep Policy Networks for NPC Behaviors that Adapt to Changing Design Parameters in Roguelike Games	application-env	algorithm	core
    sim2rec	Sim2Rec: A Simulator-based Decision-making Approach to Optimize Real-World Long-term User Engagement in Sequential Recommender Systems	application-env	algorithm	core
    carl	CaRL: Learning Scalable Planning Policies with Simple Rewards	application-env	application	adjacent
    costly-adjustment	Optimal management of a stochastically varying population when policy adjustment is costly	application-env	analysis	adjacent
    dense-testing	Adaptive Testing Environment Generation for Connected and Automated Vehicles with Dense Reinforcement Learning	application-env	application	adjacent
    digital-twin-control	Control of Medical Digital Twins with Artificial Neural Networks	application-env	application	adjacent
    dt4ier	Sequential Recommendation for Optimizing Both Immediate Feedback and Long-term Retention	application-env	application	adjacent
    fishery-control	Pretty darn good control: when are approximate solutions better than approximate models	application-env	application	adjacent
    lucy-skg	Lucy-SKG: Learning to Play Rocket League Efficiently Using Deep Reinforcement Learning	application-env	application	adjacent
    pld	Personalized Denoising Implicit Feedback for Robust Recommender System	application-env	algorithm	adjacent
    reloop2	ReLoop2: Building Self-Adaptive Recommendation Models via Responsive Error Compensation Loop	application-env	algorithm	adjacent
    three-body-stepping	Reinforcement Learning for Adaptive Time-Stepping in the Chaotic Gravitational Three-Body Problem	application-env	application	adjacent
    turbulence-marl	Extreme Event Prediction with Multi-agent Reinforcement Learning-based Parametrization of Atmospheric and Oceanic Turbulence	application-env	application	adjacent
    uam-fleet	Graph Learning-based Fleet Scheduling for Urban Air Mobility under Operational Constraints, Varying Demand & Uncertainties	application-env	application	adjacent
    apohf	Prompt Optimization with Human Feedback	bandits	algorithm	core
    autobidding	Multi-channel Autobidding with Budget and ROI Constraints	bandits	algorithm	core
    dp-bai	Fixed-Budget Differentially Private Best Arm Identification	bandits	algorithm	core
    dynlin-ucb	Dynamical Linear Bandits	bandits	algorithm	core
    hieropo	Multi-Task Off-Policy Learning from Bandit Feedback	bandits	algorithm	core
    instinct	Use Your INSTINCT: INSTruction optimization for LLMs usIng Neural bandits Coupled with Transformers	bandits	algorithm	core
    learning-to-relax	Learning to Relax: Setting Solver Parameters Across a Sequence of Linear System Instances	bandits	algorithm	core
    lsd	Last Switch Dependent Bandits with Monotone Payoff Functions	bandits	algorithm	core
    one-sided-fairness	Individually Fair Learning with One-Sided Feedback	bandits	theory	core
    p-relu	Learning Prescriptive ReLU Networks	bandits	algorithm	core
    pac-bayes-bandits	PAC-Bayesian Offline Contextual Bandits With Guarantees	bandits	algorithm	core
    packing-bandits	Improved Algorithms for Multi-period Multi-class Packing Problems with Bandit Feedback	bandits	algorithm	core
    recovering-rewards	Offline Planning and Online Learning under Recovering Rewards	bandits	algorithm	core
    sequoia	Reinforcement learning with combinatorial actions for coupled restless bandits	bandits	algorithm	core
    switching-costs	Understanding the Role of Feedback in Online Learning with Switching Costs	bandits	theory	core
    tallying-bandits	Weighted Tallying Bandits: Overcoming Intractability via Repeated Exposure Optimality	bandits	algorithm	core
    ads	Imitation Learning from Observation with Automatic Discount Scheduling	imitation-irl	algorithm	core
    ailboost	Adversarial Imitation Learning via Boosting	imitation-irl	algorithm	core
    beso	Goal-Conditioned Imitation Learning using Score-based Diffusion Policies	imitation-irl	algorithm	core
    constrained-irl	Identifiability and Generalizability in Constrained Inverse Reinforcement Learning	imitation-irl	theory	core
    icrt	In-Context Imitation Learning via Next-Token Prediction	imitation-irl	algorithm	core
    imc	Information Maximizing Curriculum: A Curriculum-Based Approach for Imitating Diverse Skills	imitation-irl	algorithm	core
    irl-misspecification	Quantifying the Sensitivity of Inverse Reinforcement Learning to Misspecification	imitation-irl	theory	core
    language-feedback-models	Policy Improvement using Language Feedback Models	imitation-irl	algorithm	core
    language-imitation	Language-Conditioned Imitation Learning for Robot Manipulation Tasks	imitation-irl	algorithm	core
    lipschitz-gail	Lipschitzness Is All You Need To Tame Off-policy Generative Adversarial Imitation Learning	imitation-irl	analysis	core
    mode	Efficient Diffusion Transformer Policies with Mixture of Expert Denoisers for Multitask Learning	imitation-irl	algorithm	core
    palo	Policy Adaptation via Language Optimization: Decomposing Tasks for Few-Shot Imitation	imitation-irl	algorithm	core
    perceptual-rewards	Unsupervised Perceptual Rewards for Imitation Learning	imitation-irl	algorithm	core
    rlif	RLIF: Interactive Imitation Learning as Reinforcement Learning	imitation-irl	algorithm	core
    d3il	Towards Diverse Behaviors: A Benchmark for Imitation Learning with Human Demonstrations	imitation-irl	benchmark	adjacent
    visual-irl	Visual IRL for Human-Like Robotic Manipulation	imitation-irl	application	adjacent
    adaptive-rollout	Adaptive Rollout Length for Model-Based RL Using Model-Free Deep RL	model-based-rl	algorithm	core
    amortized-intervention	Amortized Network Intervention to Steer the Excitatory Point Processes	model-based-rl	algorithm	core
    galileo	Adversarial Counterfactual Environment Model Learning	model-based-rl	algorithm	core
    lazy-mbrl	The Virtues of Laziness in Model-based RL: A Unified Objective and Algorithms	model-based-rl	algorithm	core
    lipschitz-mbrl	Is Model Ensemble Necessary? Model-based RL via a Single Model with Lipschitz Regularized Value Function	model-based-rl	algorithm	core
    locally-linear-models	The Power of Learned Locally Linear Models for Nonlinear Policy Optimization	model-based-rl	theory	core
    morec	Reward-Consistent Dynamics Models are Strongly Generalizable for Offline Reinforcement Learning	model-based-rl	algorithm	core
    objective-mismatch	Objective Mismatch in Model-based Reinforcement Learning	model-based-rl	analysis	core
    opc	On-Policy Model Errors in Reinforcement Learning	model-based-rl	algorithm	core
    pdkr	Policy Learning based on Deep Koopman Representation	model-based-rl	algorithm	core
    pdml	Live in the Moment: Learning Dynamics Model Adapted to Evolving Policy	model-based-rl	algorithm	core
    ppn	Policy Prediction Network: Model-Free Behavior Policy with Model-Based Learning in Continuous Action Space	model-based-rl	algorithm	core
    sindy-rl	SINDy-RL: Interpretable and Efficient Model-Based Reinforcement Learning	model-based-rl	framework	core
    vagram	Value Gradient weighted Model-Based Reinforcement Learning	model-based-rl	algorithm	core
    medical-world-model	Medical World Model: Generative Simulation of Tumor Evolution for Treatment Planning	model-based-rl	application	outside
    akfq	Approximate Kalman Filter Q-Learning for Continuous State-Space MDPs	value-distributional	algorithm	core
    arsq	Learning from Suboptimal Data in Continuous Control via Auto-Regressive Soft Q-Network	value-distributional	algorithm	core
    fl-gflownet	Better Training of GFlowNets with Local Credit and Incomplete Trajectories	value-distributional	algorithm	core
    hyper-rl	Recomposing the Reinforcement Learning Building Blocks with Hypernetworks	value-distributional	algorithm	core
    iqn	Implicit Quantile Networks for Distributional Reinforcement Learning	value-distributional	algorithm	core
    lktd	Fast Value Tracking for Deep Reinforcement Learning	value-distributional	algorithm	core
    lstd-double-descent	On Double Descent in Reinforcement Learning with LSTD and Random Features	value-distributional	theory	core
    martingale-td	Policy Evaluation and Temporal-Difference Learning in Continuous Time and Space: A Martingale Approach	value-distributional	theory	core
    pg-rainbow	PG-Rainbow: Using Distributional Reinforcement Learning in Policy Gradient Methods	value-distributional	algorithm	core
    pruned-networks	In deep reinforcement learning, a pruned network is a good network	value-distributional	analysis	core
    simba	SimBa: Simplicity Bias for Scaling Up Parameters in Deep Reinforcement Learning	value-distributional	algorithm	core
    soft-moe	Mixtures of Experts Unlock Parameter Scaling for Deep RL	value-distributional	algorithm	core
    stock-ddp	Optimizing Return Distributions with Distributional Dynamic Programming	value-distributional	algorithm	core
    ada	Human-Timescale Adaptation in an Open-Ended Task Space	meta-multitask-curriculum-generalization	application	core
    alp-gmm	Teacher algorithms for curriculum learning of Deep RL in continuously parameterized environments	meta-multitask-curriculum-generalization	algorithm	core
    apg	Adaptive Policy Learning to Additional Tasks	meta-multitask-curriculum-generalization	algorithm	core
    corro	Robust Task Representations for Offline Meta-Reinforcement Learning via Contrastive Learning	meta-multitask-curriculum-generalization	algorithm	core
    doraemon	Domain Randomization via Entropy Maximization	meta-multitask-curriculum-generalization	algorithm	core
    hyperzero	Hypernetworks for Zero-shot Transfer in Reinforcement Learning	meta-multitask-curriculum-generalization	algorithm	core
    maml	Model-Agnostic Meta-Learning for Fast Adaptation of Deep Networks	meta-multitask-curriculum-generalization	algorithm	core
    psm	Proto Successor Measure: Representing the Space of All Possible Solutions of Reinforcement Learning	meta-multitask-curriculum-generalization	algorithm	core
    snapshot-rl	Snapshot Reinforcement Learning: Leveraging Prior Trajectories for Efficiency	meta-multitask-curriculum-generalization	algorithm	core
    temporal-discovery	Discovering Temporally-Aware Reinforcement Learning Algorithms	meta-multitask-curriculum-generalization	algorithm	core
    generalization-survey	A Survey Analyzing Generalization in Deep Reinforcement Learning	meta-multitask-curriculum-generalization	survey	adjacent
    task-underspecification	The Impact of Task Underspecification in Evaluating Deep Reinforcement Learning	meta-multitask-curriculum-generalization	analysis	adjacent
    gflownet-training	Towards Understanding and Improving GFlowNet Training	exploration-skills-qd	algorithm	core
    hf-ucrl-rfe	Optimal Horizon-Free Reward-Free Exploration for Linear Mixture MDPs	exploration-skills-qd	theory	core
    hprl	Hierarchical Programmatic Reinforcement Learning via Learning to Compose Programs	exploration-skills-qd	algorithm	core
    novel-policies	Novel Policy Seeking with Constrained Optimization	exploration-skills-qd	algorithm	core
    parameter-noise	Parameter Space Noise for Exploration	exploration-skills-qd	algorithm	core
    reprl	Representation-Driven Reinforcement Learning	exploration-skills-qd	algorithm	core
    rpg	Reparameterized Policy Learning for Multimodal Trajectory Optimization	exploration-skills-qd	algorithm	core
    serene	Learning in Sparse Rewards settings through Quality-Diversity algorithms	exploration-skills-qd	framework	core
    slim	SLIM: Skill Learning with Multiple Critics	exploration-skills-qd	algorithm	core
    smerl	One Solution is Not All You Need: Few-Shot Extrapolation via Structured MaxEnt RL	exploration-skills-qd	algorithm	core
    stax	Discovering and Exploiting Sparse Rewards in a Learned Behavior Space	exploration-skills-qd	algorithm	core
    bn-actor-critic	Context-Aware Bayesian Network Actor-Critic Methods for Cooperative Multi-Agent Reinforcement Learning	multi-agent-games-mechanism	algorithm	core
    learn-to-follow	Learn to Follow: Decentralized Lifelong Multi-agent Pathfinding via Planning and Learning	multi-agent-games-mechanism	algorithm	core
    local-ppo-marl	Local Optimization Achieves Global Optimality in Multi-Agent Reinforcement Learning	multi-agent-games-mechanism	algorithm	core
    mfg-mirror-ascent	Policy Mirror Ascent for Efficient and Independent Learning in Mean Field Games	multi-agent-games-mechanism	theory	core
    smfg	Learning Macroeconomic Policies based on Microfoundations: A Stackelberg Mean Field Game Approach	multi-agent-games-mechanism	framework	core
    the-ai-economist	The AI Economist: Optimal Economic Policy Design via Two-level Deep Reinforcement Learning	multi-agent-games-mechanism	framework	core
    conjoint-game	Selecting Optimal Candidate Profiles in Adversarial Environments Using Conjoint Analysis and Machine Learning	multi-agent-games-mechanism	algorithm	adjacent
    equitable-facility	Equitable Mechanism Design for Facility Location	multi-agent-games-mechanism	theory	adjacent
    facility-location	Strategy Proof Mechanisms for Facility Location in Euclidean and Manhattan Space	multi-agent-games-mechanism	theory	adjacent
    information-acquisition	Online Information Acquisition: Hiring Multiple Agents	multi-agent-games-mechanism	theory	adjacent
    strategic-scaling	Rethinking Scaling Laws for Learning in Strategic Environments	multi-agent-games-mechanism	theory	adjacent
    ethical-policies	Ethical Reasoning over Moral Alignment: A Case and Framework for In-Context Ethical Policies in LLMs	governance-text	position	adjacent
    soteria	Soteria: Language-Specific Functional Parameter Steering for Multilingual Safety Alignment	governance-text	algorithm	adjacent
    acceptable-use	Acceptable Use Policies for Foundation Models	governance-text	analysis	outside
    behavioral-licensing	Behavioral Use Licensing for Responsible AI	governance-text	position	outside
    climate-targets	Identifying Climate Targets in National Laws and Policies using Machine Learning	governance-text	dataset	outside
    compliance-qa	Cross-Policy Compliance Detection via Question Answering	governance-text	algorithm	outside
    expression-trees	Policy Compliance Detection via Expression Tree Inference	governance-text	algorithm	outside
    model-marketplaces	Moderating Model Marketplaces: Platform Governance Puzzles for AI Intermediaries	governance-text	position	outside
    policygpt	PolicyGPT: Automated Analysis of Privacy Policies with Large Language Models	governance-text	application	outside
    synthetic-data	The Use of Synthetic Data to Train AI Models: Opportunities and Risks for Sustainable Development	governance-text	position	outside
    c-morl	C-MORL: Multi-Objective Reinforcement Learning through Efficient Discovery of Pareto Front	multi-objective-constrained-safe	algorithm	core
    cgpo	The Perfect Blend: Redefining RLHF with Mixture of Judges	multi-objective-constrained-safe	algorithm	core
    constrained-rlhf	Confronting Reward Model Overoptimization with Constrained RLHF	multi-objective-constrained-safe	algorithm	core
    fisor	Safe Offline Reinforcement Learning with Feasibility-Guided Diffusion Model	multi-objective-constrained-safe	algorithm	core
    online-cbf	Online Control Barrier Functions for Decentralized Multi-Agent Navigation	multi-objective-constrained-safe	algorithm	core
    safe-rl-minimal	Safe Reinforcement Learning with Minimal Supervision	multi-objective-constrained-safe	algorithm	core
    stess	Safe-To-Explore State Spaces: Ensuring Safe Exploration in Policy Search with Hierarchical Task Optimization	multi-objective-constrained-safe	algorithm	core
    trebi	Safe Offline Reinforcement Learning with Real-Time Budget Constraints	multi-objective-constrained-safe	algorithm	core
    ts-ddr	Efficiently Training Deep-Learning Parametric Policies using Lagrangian Duality	multi-objective-constrained-safe	algorithm	core
    tsac	Two-Stage Constrained Actor-Critic for Short Video Recommendation	multi-objective-constrained-safe	algorithm	core
    confounded-pomdp-pg	A Policy Gradient Method for Confounded POMDPs	ope	algorithm	core
    fle	Distributional Offline Policy Evaluation with Predictive Error Guarantees	ope	algorithm	core
    iv-ope	An Instrumental Variable Approach to Confounded Off-Policy Evaluation	ope	algorithm	core
    pi2vec	pi2vec: Policy Representations with Successor Features	ope	algorithm	core
    rct-reshuffling	Improved Policy Evaluation for Randomized Trials of Algorithmic Resource Allocation	ope	algorithm	core
    realizability	When is Realizability Sufficient for Off-Policy Reinforcement Learning?	ope	theory	core
    star-ope	Abstract Reward Processes: Leveraging State Abstraction for Consistent Off-Policy Evaluation	ope	framework	core
    vsdr	Validate on Sim, Detect on Real -- Model Selection for Domain Randomization	ope	algorithm	core
    covid-incentives	Study of the effectiveness of incentive measures on Covid-19 vaccination in the United States of America	ope	application	adjacent
    selective-labels	Domain constraints improve risk prediction when outcome data is missing	ope	algorithm	adjacent
    effective-horizon	The Effective Horizon Explains Deep RL Performance in Stochastic Environments	theory-other	theory	core
    glow	Harnessing Density Ratios for Online Reinforcement Learning	theory-other	theory	core
    rl-as-bayesian-inference	RL with KL penalties is better viewed as Bayesian inference	theory-other	analysis	core
    epidemic-privacy	Controlling the Spread of Epidemics on Networks with Differential Privacy	theory-other	algorithm	adjacent
    objective-expressivity	On The Expressivity of Objective-Specification Formalisms in Reinforcement Learning	theory-other	theory	adjacent
    private-decisions	Decision Making with Differential Privacy under a Fairness Lens	theory-other	analysis	adjacent
    target-surrogates	Target-based Surrogates for Stochastic Optimization	theory-other	algorithm	adjacent
    econtrol	EControl: Fast Distributed Optimization with Compression and Error Control	theory-other	algorithm	outside
    solute-membrane	Feedback-controlled solute transport through chemo-responsive polymer membranes	theory-other	analysis	outside
    survival-modelling	A Flexible Parametric Modelling Framework for Survival Analysis	theory-other	framework	outside
    arlbench	ARLBench: Flexible and Efficient Benchmarking for Hyperparameter Optimization in Reinforcement Learning	bayesopt-hpo	benchmark	adjacent
    bnn-surrogates	A Study of Bayesian Neural Network Surrogates for Bayesian Optimization	bayesopt-hpo	analysis	adjacent
    bo-tutorial	A Tutorial on Bayesian Optimization	bayesopt-hpo	survey	adjacent
    dac	Automated Dynamic Algorithm Configuration	bayesopt-hpo	framework	adjacent
    morl-hpo	Hyperparameter Optimization for Multi-Objective Reinforcement Learning	bayesopt-hpo	framework	adjacent
    multi-fidelity-bo	Multi-fidelity Bayesian Optimization in Engineering Design	bayesopt-hpo	survey	adjacent
    parallel-bo	Parallel Bayesian Optimization of Agent-based Transportation Simulation	bayesopt-hpo	application	adjacent
    rl-hpo	Hyperparameters in Reinforcement Learning and How To Tune Them	bayesopt-hpo	analysis	adjacent
    drpg	Policy Gradient in Robust MDPs with Global Convergence Guarantee	robust-risk-adversarial	algorithm	core
    ecrm-pg	On the Global Convergence of Risk-Averse Policy Gradient Methods with Expected Conditional Risk Measures	robust-risk-adversarial	theory	core
    iwocs	Solving robust MDPs as a sequence of static RL problems	robust-risk-adversarial	algorithm	core
    policy-smoothing	Policy Smoothing for Provably Robust Reinforcement Learning	robust-risk-adversarial	algorithm	core
    rat	RAT: Adversarial Attacks on Deep Reinforcement Agents for Targeted Behaviors	robust-risk-adversarial	algorithm	core
    reward-robust-rlhf	Reward-Robust RLHF in LLMs	robust-risk-adversarial	algorithm	core
    risk-ddp	Robustness and risk management via distributional dynamic programming	robust-risk-adversarial	algorithm	core
    ra-nld	Understanding and Diagnosing Deep Reinforcement Learning	robust-risk-adversarial	analysis	adjacent
    vsc-rl	VSC-RL: Advancing Autonomous Vision-Language Agents with Variational Subgoal-Conditioned Reinforcement Learning	llm-agents	algorithm	core
    creagent	CreAgent: Towards Long-Term Evaluation of Recommender System under Platform-Creator Information Asymmetry	llm-agents	framework	adjacent
    llm-agent-survey	A Survey on the Optimization of Large Language Model-based Agents	llm-agents	survey	adjacent
    portal	Agents Play Thousands of 3D Video Games	llm-agents	framework	adjacent
    """#
