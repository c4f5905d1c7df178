"""Warp kernels of a serial chain, one thread per problem: pose, Jacobian, damped least-squares inverse kinematics."""

from __future__ import annotations

import warp as wp

wp.set_module_options({"enable_backward": False})

MAX_JOINTS = 8

JointVector = wp.types.vector(length=MAX_JOINTS, dtype=wp.float32)
JacobianMatrix = wp.types.matrix(shape=(6, MAX_JOINTS), dtype=wp.float32)


@wp.struct
class Chain:
    """The arm's joints from base to tool: pose of each joint in the one before, axis, limits, column in qpos."""

    num_joints: wp.int32
    offset: wp.array(dtype=wp.transform)
    axis: wp.array(dtype=wp.vec3)
    prismatic: wp.array(dtype=wp.int32)
    column: wp.array(dtype=wp.int32)
    lower: wp.array(dtype=wp.float32)
    upper: wp.array(dtype=wp.float32)
    tip: wp.transform


@wp.struct
class SolverOptions:
    """When a problem counts as solved, and how far rotations count [m per rad]."""

    rotation_weight: wp.float32
    position_tolerance: wp.float32
    rotation_tolerance: wp.float32
    max_step: wp.float32


@wp.func
def joint_motion(chain: Chain, joint: int, value: float) -> wp.transform:
    if chain.prismatic[joint] == 1:
        return wp.transform(chain.axis[joint] * value, wp.quat_identity())
    return wp.transform(wp.vec3(), wp.quat_from_axis_angle(chain.axis[joint], value))


@wp.func
def tool_pose(chain: Chain, q: JointVector) -> wp.transform:
    pose = wp.transform_identity()
    for joint in range(chain.num_joints):
        pose = pose * chain.offset[joint] * joint_motion(chain, joint, q[joint])
    return pose * chain.tip


@wp.func
def tool_jacobian(chain: Chain, q: JointVector, tool: wp.vec3) -> JacobianMatrix:
    jacobian = JacobianMatrix()
    pose = wp.transform_identity()
    for joint in range(chain.num_joints):
        pose = pose * chain.offset[joint]
        axis = wp.quat_rotate(wp.transform_get_rotation(pose), chain.axis[joint])
        linear = axis
        angular = wp.vec3()
        if chain.prismatic[joint] == 0:
            linear = wp.cross(axis, tool - wp.transform_get_translation(pose))
            angular = axis
        for row in range(3):
            jacobian[row, joint] = linear[row]
            jacobian[row + 3, joint] = angular[row]
        pose = pose * joint_motion(chain, joint, q[joint])
    return jacobian


@wp.func
def pose_error(target: wp.transform, pose: wp.transform) -> wp.spatial_vector:
    """Position difference [m] and rotation vector [rad] from pose to target."""
    rotation = wp.transform_get_rotation(target) * wp.quat_inverse(wp.transform_get_rotation(pose))
    if rotation[3] < 0.0:
        rotation = -rotation
    vector = wp.vec3(rotation[0], rotation[1], rotation[2])
    sine = wp.length(vector)
    scale = float(2.0)
    if sine > 1.0e-7:
        scale = 2.0 * wp.atan2(sine, rotation[3]) / sine
    return wp.spatial_vector(wp.transform_get_translation(target) - wp.transform_get_translation(pose), vector * scale)


@wp.func
def weighted(error: wp.spatial_vector, weight: float) -> wp.spatial_vector:
    return wp.spatial_vector(wp.spatial_top(error), weight * wp.spatial_bottom(error))


@wp.func
def solve_positive(a: wp.spatial_matrix, b: wp.spatial_vector) -> wp.spatial_vector:
    """Solves a x = b for a symmetric positive definite matrix by Cholesky factorisation."""
    factor = wp.spatial_matrix()
    for i in range(6):
        for j in range(i + 1):
            total = a[i, j]
            for k in range(j):
                total -= factor[i, k] * factor[j, k]
            if i == j:
                factor[i, i] = wp.sqrt(wp.max(total, 1.0e-12))
            else:
                factor[i, j] = total / factor[j, j]
    x = wp.spatial_vector()
    for i in range(6):
        total = b[i]
        for k in range(i):
            total -= factor[i, k] * x[k]
        x[i] = total / factor[i, i]
    for reverse in range(6):
        i = 5 - reverse
        total = x[i]
        for k in range(i + 1, 6):
            total -= factor[k, i] * x[k]
        x[i] = total / factor[i, i]
    return x


@wp.func
def damped_step(
    jacobian: JacobianMatrix, error: wp.spatial_vector, free: JointVector, num_joints: int, damping: float
) -> JointVector:
    """J^T (J J^T + damping I)^-1 error over the joints with free = 1."""
    a = wp.spatial_matrix()
    for i in range(6):
        for j in range(i + 1):
            total = float(0.0)
            for joint in range(num_joints):
                total += free[joint] * jacobian[i, joint] * jacobian[j, joint]
            a[i, j] = total
        a[i, i] = a[i, i] + damping
    x = solve_positive(a, error)
    step = JointVector()
    for joint in range(num_joints):
        total = float(0.0)
        for i in range(6):
            total += jacobian[i, joint] * x[i]
        step[joint] = free[joint] * total
    return step


@wp.func
def limited_step(
    chain: Chain, q: JointVector, jacobian: JacobianMatrix, error: wp.spatial_vector, damping: float
) -> JointVector:
    """A damped step inside the joint limits: joints that would leave go to their limit, the others make up for it."""
    free = JointVector()
    for joint in range(chain.num_joints):
        free[joint] = 1.0
    step = damped_step(jacobian, error, free, chain.num_joints, damping)
    remaining = error
    blocked = JointVector()
    any_blocked = int(0)
    for joint in range(chain.num_joints):
        reached = wp.clamp(q[joint] + step[joint], chain.lower[joint], chain.upper[joint]) - q[joint]
        if wp.abs(reached - step[joint]) > 1.0e-7:
            any_blocked = 1
            free[joint] = 0.0
            blocked[joint] = reached
            for row in range(6):
                remaining[row] = remaining[row] - jacobian[row, joint] * reached
    if any_blocked == 1:
        step = damped_step(jacobian, remaining, free, chain.num_joints, damping) + blocked
    return step


@wp.func
def seed_joints(chain: Chain, start: JointVector, attempt: int) -> JointVector:
    """Where an attempt begins: at the start, then at random places around it, farther each time."""
    state = wp.rand_init(977, attempt)
    q = JointVector()
    for joint in range(chain.num_joints):
        spread = 0.6 * float(attempt) * (2.0 * wp.randf(state) - 1.0)
        q[joint] = wp.clamp(start[joint] + spread, chain.lower[joint], chain.upper[joint])
    return q


@wp.func
def is_solved(error: wp.spatial_vector, options: SolverOptions) -> bool:
    return (
        wp.length(wp.spatial_top(error)) < options.position_tolerance
        and wp.length(wp.spatial_bottom(error)) < options.rotation_tolerance
    )


@wp.func
def solve_from(
    chain: Chain, options: SolverOptions, target: wp.transform, seed: JointVector, iterations: int
) -> JointVector:
    """Levenberg-Marquardt from one seed; stops when solved or when nothing improves any more."""
    q = seed
    pose = tool_pose(chain, q)
    error = pose_error(target, pose)
    residual = weighted(error, options.rotation_weight)
    cost = wp.dot(residual, residual)
    damping = float(1.0e-4)
    for _ in range(iterations):
        if is_solved(error, options) or damping > 1.0e3:
            break
        jacobian = tool_jacobian(chain, q, wp.transform_get_translation(pose))
        for joint in range(chain.num_joints):
            for row in range(3, 6):
                jacobian[row, joint] = jacobian[row, joint] * options.rotation_weight
        step = limited_step(chain, q, jacobian, residual, damping)
        largest = wp.max(wp.max(step), -wp.min(step))
        if largest > options.max_step:
            step = step * (options.max_step / largest)
        trial = JointVector()
        for joint in range(chain.num_joints):
            trial[joint] = wp.clamp(q[joint] + step[joint], chain.lower[joint], chain.upper[joint])
        trial_pose = tool_pose(chain, trial)
        trial_error = pose_error(target, trial_pose)
        trial_residual = weighted(trial_error, options.rotation_weight)
        trial_cost = wp.dot(trial_residual, trial_residual)
        if trial_cost < cost:
            if trial_cost > 0.9999 * cost:
                damping = 1.0e4  # stalled: accept this last step
            q = trial
            pose = trial_pose
            error = trial_error
            residual = trial_residual
            cost = trial_cost
            damping = wp.max(0.2 * damping, 1.0e-7)
        else:
            damping = 5.0 * damping
    return q


@wp.kernel
def forward_kernel(
    chain: Chain,
    qpos: wp.array2d(dtype=wp.float32),
    position: wp.array(dtype=wp.vec3),
    quaternion: wp.array(dtype=wp.vec4),
):
    problem = wp.tid()
    q = JointVector()
    for joint in range(chain.num_joints):
        q[joint] = qpos[problem, chain.column[joint]]
    pose = tool_pose(chain, q)
    rotation = wp.normalize(wp.transform_get_rotation(pose))
    position[problem] = wp.transform_get_translation(pose)
    quaternion[problem] = wp.vec4(rotation[3], rotation[0], rotation[1], rotation[2])


@wp.kernel
def jacobian_kernel(chain: Chain, qpos: wp.array2d(dtype=wp.float32), jacobian: wp.array3d(dtype=wp.float32)):
    problem = wp.tid()
    q = JointVector()
    for joint in range(chain.num_joints):
        q[joint] = qpos[problem, chain.column[joint]]
    pose = tool_pose(chain, q)
    columns = tool_jacobian(chain, q, wp.transform_get_translation(pose))
    for joint in range(chain.num_joints):
        for row in range(6):
            jacobian[problem, row, chain.column[joint]] = columns[row, joint]


@wp.kernel
def inverse_kernel(
    chain: Chain,
    options: SolverOptions,
    position: wp.array(dtype=wp.vec3),
    quaternion: wp.array(dtype=wp.vec4),
    iterations: wp.array(dtype=wp.int32),
    qpos: wp.array2d(dtype=wp.float32),
    position_error: wp.array(dtype=wp.float32),
    rotation_error: wp.array(dtype=wp.float32),
):
    """Solves in place; `iterations` holds the iterations per attempt and the number of attempts."""
    problem = wp.tid()
    wxyz = quaternion[problem]
    rotation = wp.normalize(wp.quat(wxyz[1], wxyz[2], wxyz[3], wxyz[0]))
    target = wp.transform(position[problem], rotation)
    start = JointVector()
    for joint in range(chain.num_joints):
        start[joint] = wp.clamp(qpos[problem, chain.column[joint]], chain.lower[joint], chain.upper[joint])
    best = start
    best_error = wp.spatial_vector()
    best_cost = float(1.0e30)
    for attempt in range(iterations[1]):
        q = solve_from(chain, options, target, seed_joints(chain, start, attempt), iterations[0])
        error = pose_error(target, tool_pose(chain, q))
        residual = weighted(error, options.rotation_weight)
        cost = wp.dot(residual, residual)
        solved = is_solved(error, options)
        if solved or cost < 0.25 * best_cost:  # near the start unless another seed is clearly better
            best = q
            best_error = error
            best_cost = cost
        if solved:
            break
    for joint in range(chain.num_joints):
        qpos[problem, chain.column[joint]] = best[joint]
    position_error[problem] = wp.length(wp.spatial_top(best_error))
    rotation_error[problem] = wp.length(wp.spatial_bottom(best_error))
